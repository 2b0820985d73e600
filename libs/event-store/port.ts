import type { Fact, FactMeta, Instant, NewFact, Uuid } from '#libs/kernel';

/** `none`: the stream must not exist yet; a number: its last revision must be exactly this one. There is no "any". */
export type ExpectedRevision = 'none' | number;

/** A fact ready to be appended; ids are computed by the caller (`factIdOf`), never drawn by the store. */
export interface FactToAppend extends NewFact {
  readonly id: Uuid;
  readonly recordedAt: Instant;
  readonly meta: FactMeta;
}

export interface Append {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** At least one. Their revisions follow the expected one. */
  readonly facts: readonly FactToAppend[];
}

/**
 * A place in the total order, opaque to callers but for `comparePositions`. On PostgreSQL and in memory a gapless
 * counter from 1 as decimal text; on KurrentDB `commit/prepare`.
 */
export type Position = string & { readonly __position: true };

export type AppendResult =
  | { readonly outcome: 'appended' | 'repeated'; readonly revision: number; readonly position: Position }
  /** `actual` is the stream's last revision, -1 when it does not exist. */
  | { readonly outcome: 'conflict'; readonly actual: number };

export interface RecordedFact extends Fact {
  readonly position: Position;
}

/** A fact as it was written: never upcast, with its canonical text (RFC 8785), byte for byte. */
export interface WrittenFact extends RecordedFact {
  readonly text: string;
}

export interface ReadStreamOptions {
  readonly direction?: 'forward' | 'backward';
  /** First revision to give; forward default 0, backward default the last one. */
  readonly from?: number;
  readonly limit?: number;
}

export interface ReadAllOptions {
  /** Exclusive. Without it from the very beginning. */
  readonly after?: Position;
  /** Inclusive upper bound. */
  readonly upTo?: Position;
  /** How many facts are fetched at a time; a matter of speed only. */
  readonly batchSize?: number;
}

/**
 * The log. Every adapter keeps one total, gapless order; reads see only what is committed, and never a fact whose
 * predecessor in the order they have not been shown.
 */
export interface EventStore {
  /**
   * Appends to one stream at exactly the expected revision, all facts or none.
   * The same facts (ids) at the same expected revision again answer `repeated` with the first answer's revision and position.
   * @throws StoreUnavailableError when it is not known or not possible; the caller retries with the identical facts.
   */
  append(append: Append): Promise<AppendResult>;
  /**
   * Many appends as one step: either every one is appended or repeated, or none is and the answers tell which conflict.
   * Appends may name the same stream more than once, in order. When one conflicts, those that would have been appended
   * answer `conflict` with `actual` being what they expected (-1 for `none`): they were not at fault, and were not appended.
   *
   * Atomic where the engine has such a step: PostgreSQL and memory always; KurrentDB from 25.1, for different streams
   * and up to 1 MiB together. Beyond that the appends go in the order given. A conflict that is there beforehand still
   * stops all of them; one that arises meanwhile comes after appends that happened and say so, and a crash leaves a
   * beginning. The same call again repeats that beginning and appends the rest. So what others rest on comes first.
   */
  appendTogether(appends: readonly Append[]): Promise<readonly AppendResult[]>;
  readStream(stream: string, options?: ReadStreamOptions): Promise<readonly RecordedFact[]>;
  /** The facts of many streams at once, by stream; a missing stream has an empty list. */
  readStreams(streams: readonly string[]): Promise<ReadonlyMap<string, readonly RecordedFact[]>>;
  readAll(options?: ReadAllOptions): AsyncIterable<readonly RecordedFact[]>;
  /**
   * The same order, each fact as it was written: for whoever moves, keeps or hashes the log.
   * @throws CorruptFactError where what is stored is not the canonical text of its fact.
   */
  readWritten(options?: ReadAllOptions): AsyncIterable<readonly WrittenFact[]>;
  /** The position of the last committed fact, or undefined for an empty log. */
  head(): Promise<Position | undefined>;
  /**
   * Catch-up, then live. `handle` gets batches in order and is awaited; the next batch comes only after it resolved.
   * A rejected `handle` ends the subscription: `done` rejects with that error. `stop()` resolves when the running batch ended.
   */
  subscribe(options: SubscribeOptions): Subscription;
  close(): Promise<void>;
}

export interface SubscribeOptions {
  readonly after?: Position;
  /** At most this many facts a batch. */
  readonly batchSize?: number;
  readonly handle: (batch: readonly RecordedFact[]) => Promise<void>;
  /** Called each time the reader has seen everything that is committed. */
  readonly onCaughtUp?: (head: Position | undefined) => void;
}

export interface Subscription {
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Negative when `a` is before `b`. Handles both the counter and KurrentDB's pair. */
export function comparePositions(a: Position, b: Position): number {
  const [ac, ap = 0n] = a.split('/').map(BigInt) as [bigint, bigint?];
  const [bc, bp = 0n] = b.split('/').map(BigInt) as [bigint, bigint?];
  if (ac !== bc) return ac < bc ? -1 : 1;
  return ap < bp ? -1 : ap > bp ? 1 : 0;
}

/** The outcome is unknown or the engine cannot be reached; nothing is promised, the same append may be tried again. */
export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';
}
