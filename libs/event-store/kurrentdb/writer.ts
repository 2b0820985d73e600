import { setTimeout as wait } from 'node:timers/promises';
import { NO_STREAM, UnsupportedError, WrongExpectedVersionError } from '@kurrent/kurrentdb-client';
import { hasConflict, isChained, judgePlace, judgeTogether, lastOf, withheld } from '../judging.js';
import { StoreUnavailableError, type AppendResult } from '../port.js';
import { isRefusal, pauseOf, within, type Connection, type Patience } from './connection.js';
import { maxAppendBytes, type PreparedAppend, type Received } from './envelope.js';
import { forEachAtOnce, type StreamReader } from './stream-reader.js';

type Answer = AppendResult | 'fresh';

/** What an attempt came to. `refused`: a stream was not at its revision; `unknown`: it may have happened or not. */
type Told = 'done' | 'refused' | { readonly unknown: unknown };

/** What the second protocol adds to the metadata of each event. */
const sessionOverhead = 64;

const expectedOf = ({ first }: PreparedAppend) => (first === 0 ? NO_STREAM : BigInt(first - 1));

export interface WriterOptions {
  readonly connection: Connection;
  readonly reader: StreamReader;
  readonly patience: Patience;
}

/**
 * Appends until it is known what became of them. The server's own idempotency makes the identical batch safe to send
 * again; what it answers is not taken at its word, since a repeat is answered like the first time.
 */
export class Writer {
  readonly #options: WriterOptions;
  /** What the client says of the server it is connected to. */
  #sessions = true;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async append(append: PreparedAppend): Promise<AppendResult> {
    const deadline = this.#deadline();
    for (let failures = 0; ;) {
      const told = await this.#attempt([append], deadline);
      if (told === 'done') return this.#readBack(append);
      const inTime = Date.now() < deadline;
      if (told !== 'refused' && inTime) {
        await wait(pauseOf(failures++));
        continue;
      }
      const judged = await this.#judge(append, told === 'refused' ? undefined : told.unknown);
      if (judged !== 'fresh') return judged;
      if (told !== 'refused') throw unavailable(told.unknown);
      // The stream has come to where it was expected since.
      if (!inTime) throw unavailable(undefined);
    }
  }

  /** In one atomic step as long as one is enough for the server's limits and it can; otherwise in order, see the port. */
  async appendTogether(appends: readonly PreparedAppend[]): Promise<readonly AppendResult[]> {
    const answers: Answer[] = appends.map(() => 'fresh');
    const open = () => appends.flatMap((_, n) => (answers[n] === 'fresh' ? [n] : []));
    const judge = async (cause?: unknown) => {
      const fresh = open();
      const judged = await this.#judgeTogether(
        fresh.map((n) => appends[n]!),
        cause,
      );
      fresh.forEach((n, i) => (answers[n] = judged[i]!));
    };
    // Who needs several steps looks first, so that a conflict that is there already stops it before the first.
    if (!isChained(appends) || this.#chunk(appends).length < appends.length) await judge();
    let deadline = this.#deadline();
    for (let failures = 0; !hasConflict(answers);) {
      const fresh = open();
      if (fresh.length === 0) return answers as AppendResult[];
      const chunk = this.#chunk(fresh.map((n) => appends[n]!));
      const told = await this.#attempt(chunk, deadline);
      if (told === 'done') {
        const read = await forEachAtOnce(chunk, (append) => this.#readBack(append));
        fresh.slice(0, chunk.length).forEach((n, i) => (answers[n] = read[i]!));
        deadline = this.#deadline();
        continue;
      }
      // A server that finds some of the streams done and others not has no answer of its own: look before trying again.
      const now = Date.now();
      const inTime = now < deadline;
      await judge(told === 'refused' ? undefined : told.unknown);
      deadline += Date.now() - now;
      if (!inTime && !hasConflict(answers) && open().length > 0)
        throw unavailable(told === 'refused' ? undefined : told.unknown);
      if (told !== 'refused') await wait(pauseOf(failures++));
    }
    return withheld(appends, answers);
  }

  #deadline(): number {
    return Date.now() + this.#options.patience.timeoutMs;
  }

  /** The longest beginning that the server takes in one step: each stream once, and no more bytes than it allows. */
  #chunk(appends: readonly PreparedAppend[]): readonly PreparedAppend[] {
    if (!this.#sessions) return appends.slice(0, 1);
    // The server compares the names without regard to case.
    const streams = new Set<string>();
    let bytes = 0;
    let size = 0;
    for (const one of appends) {
      const name = one.stream.toLowerCase();
      bytes += one.bytes + sessionOverhead * one.events.length;
      if (size > 0 && (streams.has(name) || bytes > maxAppendBytes)) break;
      streams.add(name);
      size++;
    }
    return appends.slice(0, size);
  }

  async #attempt(appends: readonly PreparedAppend[], deadline: number): Promise<Told> {
    const { connection, patience } = this.#options;
    const { client } = connection;
    const ms = Math.max(1, Math.min(patience.attemptMs, deadline - Date.now()));
    try {
      const [first] = appends;
      if (appends.length === 1)
        await within(
          ms,
          client.appendToStream(first!.stream, [...first!.events], { streamState: expectedOf(first!), deadline: ms }),
        );
      else
        await within(
          ms,
          client.multiStreamAppend(
            appends.map((one) => ({
              streamName: one.stream,
              expectedState: expectedOf(one),
              events: [...one.events],
            })),
          ),
        );
      connection.answered(client);
      return 'done';
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) {
        connection.answered(client);
        return 'refused';
      }
      if (error instanceof UnsupportedError) {
        this.#sessions = false;
        return { unknown: error };
      }
      if (isRefusal(error)) throw error;
      connection.failed(client, error);
      return { unknown: error };
    }
  }

  /** After a success: whose event stands where ours belongs tells whether it was this call or an earlier one. */
  async #readBack(append: PreparedAppend): Promise<AppendResult> {
    const [last] = await this.#options.reader.forward(append.stream, lastOf(append), 1);
    if (last?.id !== append.facts.at(-1)!.id)
      throw new StoreUnavailableError(`what was appended to ${append.stream} cannot be read back`);
    return { outcome: ownership(append, last), revision: last.revision, position: last.position };
  }

  async #judge(append: PreparedAppend, cause?: unknown): Promise<Answer> {
    const { reader, patience } = this.#options;
    const brief = cause === undefined ? patience : { ...patience, timeoutMs: 0 };
    try {
      const last = await reader.lastRevision(append.stream, brief);
      if (last === append.first - 1) return 'fresh';
      const there = await reader.forward(append.stream, append.first, append.facts.length, brief);
      const judged = judgePlace(append, last, there);
      if (judged === 'fresh' || judged.outcome === 'conflict') return judged;
      return { ...judged, outcome: ownership(append, there.at(-1)!) };
    } catch (error) {
      throw error instanceof StoreUnavailableError && cause !== undefined ? unavailable(cause) : error;
    }
  }

  async #judgeTogether(appends: readonly PreparedAppend[], cause?: unknown): Promise<readonly Answer[]> {
    // Those that only follow another one here are not asked about.
    const asked = appends.filter((one, n) => appends.findIndex(({ stream }) => stream === one.stream) === n);
    const found = await forEachAtOnce(asked, async (one) => [one, await this.#judge(one, cause)] as const);
    const known = new Map<PreparedAppend, Answer>(found);
    return judgeTogether(appends, async (one) => known.get(one) ?? this.#judge(one, cause));
  }
}

const ownership = ({ appendId }: PreparedAppend, last: Received): 'appended' | 'repeated' =>
  last.appendId === appendId ? 'appended' : 'repeated';

const unavailable = (cause: unknown) =>
  new StoreUnavailableError('it is not known whether KurrentDB appended', { cause });
