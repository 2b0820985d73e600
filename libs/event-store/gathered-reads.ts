import { StoreUnavailableError, type RecordedFact } from './port.js';

type Facts = readonly RecordedFact[];

interface Asked {
  readonly stream: string;
  readonly resolve: (facts: Facts) => void;
  readonly reject: (error: unknown) => void;
}

const maxStreams = 256;

/**
 * Whole streams that are asked for while others are being read go together in the next question, as appends do: a
 * question costs more than what it reads.
 */
export class GatheredReads {
  #asked: Asked[] = [];
  #running = false;
  readonly #readMany: (streams: readonly string[]) => Promise<ReadonlyMap<string, Facts>>;

  constructor(readMany: (streams: readonly string[]) => Promise<ReadonlyMap<string, Facts>>) {
    this.#readMany = readMany;
  }

  read(stream: string): Promise<Facts> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ stream, resolve, reject });
      if (!this.#running) void this.#drain();
    });
  }

  async #drain(): Promise<void> {
    this.#running = true;
    // Who was answered a moment ago asks again within this turn of the loop.
    await new Promise(setImmediate);
    while (this.#asked.length > 0) await this.#answer(this.#asked.splice(0, maxStreams));
    this.#running = false;
  }

  async #answer(asked: readonly Asked[]): Promise<void> {
    try {
      const found = await this.#readMany([...new Set(asked.map(({ stream }) => stream))]);
      for (const { stream, resolve } of asked) resolve(found.get(stream)!);
    } catch (error) {
      // A stream that cannot be read shall not keep the others from being read.
      if (asked.length > 1 && !(error instanceof StoreUnavailableError))
        for (const one of asked) await this.#answer([one]);
      else for (const { reject } of asked) reject(error);
    }
  }
}
