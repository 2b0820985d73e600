import { setTimeout as wait } from 'node:timers/promises';
import {
  AccessDeniedError,
  AppendRecordSizeExceededError,
  CancelledError,
  InvalidArgumentError,
  KurrentDBClient,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  StreamTombstonedError,
  TransactionMaxSizeExceededError,
  UnavailableError,
  UnsupportedError,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import { StoreUnavailableError } from '../port.js';

/** Nothing came within the time given; what became of the request is not known. */
export class ExpiredError extends Error {
  override readonly name = 'ExpiredError';
}

const refusals = [
  AccessDeniedError,
  AppendRecordSizeExceededError,
  InvalidArgumentError,
  MaxAppendSizeExceededError,
  StreamDeletedError,
  StreamTombstonedError,
  TransactionMaxSizeExceededError,
  UnsupportedError,
  WrongExpectedVersionError,
];
/** The server understood and said no: trying the same again changes nothing. Everything else leaves it open. */
export const isRefusal = (error: unknown): boolean => refusals.some((kind) => error instanceof kind);

/** After these the client itself goes to another node, or to the same one anew: most times, but not for ever. */
const isHandledByClient = (error: unknown) =>
  error instanceof UnavailableError || error instanceof NotLeaderError || error instanceof CancelledError;

/** Seen: one that lost its connection while it was being made found the server unavailable ever after. */
const patienceWithClient = 5;

export interface Patience {
  /** For one attempt: nothing heard for so long is a loss. */
  readonly attemptMs: number;
  /** For all attempts together. */
  readonly timeoutMs: number;
}

export const pauseOf = (failures: number): number => Math.min(500, 10 * 2 ** failures);

/** What gRPC says of the client's call for appends when it ended badly. */
const isEndOfAppends = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'number' &&
  'metadata' in error &&
  /[\\/]appendToStream[\\/]/.test(error.stack ?? '');

/**
 * Client 1.3.1 lets go of the promises of appends that wait to be written: when the connection ends then, nobody hears
 * of it, and Node ends the process. Each of those appends has its own timer here (`within`), so nothing is lost by
 * passing over them. Whatever else nobody waits for ends the process as it would have.
 */
export function passOverLostWrites(reason: unknown): void {
  if (!isEndOfAppends(reason)) throw reason;
}
let passingOver = false;

/** The client, replaced by a new one when it hangs on a connection nobody answers on. */
export class Connection {
  #client: KurrentDBClient | undefined;
  /** Of the client there is, one after the other. */
  #failures = 0;
  readonly #connectionString: string;
  readonly #leaving = new Set<Promise<void>>();

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
    if (!passingOver) process.on('unhandledRejection', passOverLostWrites);
    passingOver = true;
  }

  get client(): KurrentDBClient {
    return (this.#client ??= KurrentDBClient.connectionString(this.#connectionString));
  }

  /** `used` failed with `error`: whoever comes next must not meet the same. */
  failed(used: KurrentDBClient, error: unknown): void {
    if (this.#client !== used) return;
    this.#failures += 1;
    if (isHandledByClient(error) && this.#failures < patienceWithClient) return;
    this.#client = undefined;
    this.#failures = 0;
    this.#dispose(used);
  }

  answered(used: KurrentDBClient): void {
    if (this.#client === used) this.#failures = 0;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    if (client !== undefined) this.#dispose(client);
    await Promise.all(this.#leaving);
  }

  #dispose(client: KurrentDBClient): void {
    const leaving = client.dispose().catch(() => {});
    this.#leaving.add(leaving);
    void leaving.then(() => this.#leaving.delete(leaving));
  }

  /**
   * Reads may be asked again: they change nothing.
   * @throws StoreUnavailableError when patience ends, or `isWanted` says no any more
   */
  async read<T>(
    ask: (client: KurrentDBClient) => AsyncIterable<T>,
    { attemptMs, timeoutMs }: Patience,
    isWanted: () => boolean = () => true,
  ): Promise<readonly T[]> {
    const deadline = Date.now() + timeoutMs;
    for (let failures = 0; ; failures++) {
      const { client } = this;
      try {
        const items = await collect(ask(client), attemptMs);
        this.answered(client);
        return items;
      } catch (cause) {
        if (isRefusal(cause) || isNotFound(cause)) throw cause;
        this.failed(client, cause);
        if (Date.now() >= deadline || !isWanted())
          throw new StoreUnavailableError('KurrentDB cannot be reached', { cause });
        await wait(pauseOf(failures));
      }
    }
  }
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof Error && 'type' in error && error.type === 'stream-not-found';

/** @throws ExpiredError when nothing comes for `idleMs` */
async function collect<T>(items: AsyncIterable<T>, idleMs: number): Promise<readonly T[]> {
  const collected: T[] = [];
  let expire: (error: Error) => void = () => {};
  const expired = new Promise<never>((_, reject) => (expire = reject));
  const timer = setTimeout(() => expire(new ExpiredError(`nothing was read for ${idleMs} ms`)), idleMs);
  const reading = (async () => {
    for await (const item of items) {
      collected.push(item);
      timer.refresh();
    }
  })();
  reading.catch(() => {});
  try {
    await Promise.race([reading, expired]);
  } finally {
    clearTimeout(timer);
  }
  return collected;
}

/** The client's own deadline is not enough: it does not cover finding a server, nor a batch whose answer never comes. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const ending = new AbortController();
  work.catch(() => {});
  try {
    return await Promise.race([
      work,
      wait(ms, undefined, { signal: ending.signal }).then(() => {
        throw new ExpiredError(`no answer within ${ms} ms`);
      }),
    ]);
  } finally {
    ending.abort();
  }
}
