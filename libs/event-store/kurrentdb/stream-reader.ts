import { streamNameFilter, type AllStreamResolvedEvent, type ResolvedEvent } from '@kurrent/kurrentdb-client';
import type { Position } from '../port.js';
import { comparePositions } from '../port.js';
import { isNotFound, type Connection, type Patience } from './connection.js';
import { placeOf, receivedOf, type Received } from './envelope.js';

export interface StreamReaderOptions {
  readonly patience: Patience;
  /** Streams of other categories, the server's own among them, are never shown. */
  readonly prefixes: readonly string[];
}

/** How many streams are read at the same time. */
const readsAtOnce = 16;

/** What was written has to be found again, so it is asked of the leader. */
const requiresLeader = true;

/** Reading, as the server has it: streams by revision, the whole log filtered to our streams. */
export class StreamReader {
  readonly #connection: Connection;
  readonly #patience: Patience;
  readonly #prefixes: string[];

  constructor(connection: Connection, { patience, prefixes }: StreamReaderOptions) {
    this.#connection = connection;
    this.#patience = patience;
    this.#prefixes = [...prefixes];
  }

  forward(stream: string, from: number, limit: number, patience = this.#patience): Promise<readonly Received[]> {
    const options = { fromRevision: BigInt(from), maxCount: limit, requiresLeader } as const;
    return this.#ofStream((client) => client.readStream(stream, options), patience);
  }

  /** Without `from` from the last one. */
  backward(
    stream: string,
    from: number | undefined,
    limit: number,
    patience = this.#patience,
  ): Promise<readonly Received[]> {
    const fromRevision = from === undefined ? 'end' : BigInt(from);
    const options = { direction: 'backwards', fromRevision, maxCount: limit, requiresLeader } as const;
    return this.#ofStream((client) => client.readStream(stream, options), patience);
  }

  async lastRevision(stream: string, patience?: Patience): Promise<number> {
    const [last] = await this.backward(stream, undefined, 1, patience);
    return last?.revision ?? -1;
  }

  /** At most `limit` facts of ours with after < position <= upTo, in order. */
  async all(
    after: Position | undefined,
    upTo: Position | undefined,
    limit: number,
    isWanted?: () => boolean,
  ): Promise<readonly Received[]> {
    // The server begins with the position it is given, which we have already.
    const fromPosition = after === undefined ? 'start' : placeOf(after);
    const options = { fromPosition, maxCount: after === undefined ? limit : limit + 1, requiresLeader } as const;
    const found = await this.#ofAll(options, isWanted);
    return found
      .filter(({ position }) => after === undefined || comparePositions(position, after) > 0)
      .filter(({ position }) => upTo === undefined || comparePositions(position, upTo) <= 0)
      .slice(0, limit);
  }

  async head(): Promise<Position | undefined> {
    const options = { direction: 'backwards', fromPosition: 'end', maxCount: 1, requiresLeader } as const;
    const [last] = await this.#ofAll(options);
    return last?.position;
  }

  async #ofStream(
    ask: (client: Connection['client']) => AsyncIterable<ResolvedEvent>,
    patience: Patience,
  ): Promise<readonly Received[]> {
    try {
      return receivedFrom(await this.#connection.read(ask, patience));
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  }

  async #ofAll(
    options: Parameters<Connection['client']['readAll']>[0],
    isWanted?: () => boolean,
  ): Promise<readonly Received[]> {
    const filter = streamNameFilter({ prefixes: this.#prefixes });
    const ask = (client: Connection['client']): AsyncIterable<AllStreamResolvedEvent> =>
      client.readAll({ ...options, filter });
    return receivedFrom(await this.#connection.read(ask, this.#patience, isWanted));
  }
}

export const receivedFrom = (resolved: readonly (ResolvedEvent | AllStreamResolvedEvent)[]): Received[] =>
  resolved.flatMap(({ event }) => (event === undefined ? [] : [receivedOf(event)]));

/** Does `work` for each, a few at a time, and answers in the order given. */
export async function forEachAtOnce<A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B[]> {
  const results: B[] = new Array<B>(items.length);
  let next = 0;
  const worker = async () => {
    for (let n = next++; n < items.length; n = next++) results[n] = await work(items[n]!);
  };
  await Promise.all(Array.from({ length: Math.min(readsAtOnce, items.length) }, worker));
  return results;
}
