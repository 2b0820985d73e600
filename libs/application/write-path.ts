import { causeOf, factIdOf, isRejection, reject, type Cause, type Clock, type Decider, type Event } from '#libs/kernel';
import type { FactMeta, Instant, NewFact, Rejection, Uuid } from '#libs/kernel';
import type {
  Append,
  AppendResult,
  EventStore,
  ExpectedRevision,
  FactToAppend,
  Position,
  RecordedFact,
} from '#libs/event-store';
import type { Request } from './request.js';

/** What a command did. `unchanged`: there was nothing to do; the position then is where the stream had been. */
export interface Done<State> {
  readonly outcome: 'done' | 'repeated' | 'unchanged';
  readonly state: State;
  readonly revision: number;
  readonly position: Position | undefined;
  readonly facts: readonly Event[];
}

export interface Loaded<State> {
  readonly state: State;
  /** -1: the stream does not exist. */
  readonly revision: number;
  readonly recordedAt: Instant | undefined;
  readonly position: Position | undefined;
  /** The last fact, as the reason for what is done about the stream next. */
  readonly cause: Cause | undefined;
  readonly commands: ReadonlyMap<Uuid, { readonly requestHash: string; readonly first: number; readonly last: number }>;
}

export interface Execution<State, Command, E extends NewFact, Context> {
  readonly decider: Decider<State, Command, E, Context>;
  readonly stream: string;
  readonly command: Command;
  /** Given the state, what the decider may know; asked again when another writer came first. */
  readonly context: (state: State, now: Instant) => Context;
  readonly request: Request;
  readonly meta?: Pick<FactMeta, 'ruleSet' | 'calendar'>;
  /** Claims that must be won in the same step; see `claim`. */
  readonly claims?: readonly Claim[];
}

/** A unique thing: a stream named by its value that only one command can open. */
export interface Claim {
  readonly stream: string;
  readonly fact: NewFact;
  /** What is said when somebody else has it. */
  readonly taken: Rejection;
}

export interface WritePathOptions {
  readonly cachedStreams?: number;
  /** All that is in the log was written through here, from the first fact on: then what is cached is as fresh as the log. */
  readonly alone?: boolean;
}

const attempts = 20;

/**
 * The only way anything is written: load, decide, append at the expected revision; when another writer came first,
 * decide anew. The stream itself remembers its commands, so a repeat is answered from what it did the first time.
 */
export class WritePath {
  private readonly cache: StateCache;
  /** The streams there are, for who writes them all. */
  private readonly written: Set<string> | undefined;

  constructor(
    readonly store: EventStore,
    readonly clock: Clock,
    options: WritePathOptions = {},
  ) {
    this.cache = new StateCache(options.cachedStreams ?? 20_000);
    if (options.alone) this.written = new Set();
  }

  async execute<State, Command, E extends NewFact, Context>(
    execution: Execution<State, Command, E, Context>,
  ): Promise<Done<State> | Rejection> {
    const { decider, stream, request } = execution;
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const loaded = await this.load(stream, decider);
      const repeat = loaded.commands.get(request.commandId);
      if (repeat) {
        if (repeat.requestHash !== request.requestHash) return keyReused;
        const facts = await this.store.readStream(stream, {
          from: repeat.first,
          limit: repeat.last - repeat.first + 1,
        });
        return {
          outcome: 'repeated',
          state: loaded.state,
          revision: repeat.last,
          position: facts.at(-1)?.position,
          facts,
        };
      }
      // A clock a little behind that of who wrote last must not judge from before what it judges.
      const now = laterOf(this.clock.now(), loaded.recordedAt);
      const decided = decider.decide(loaded.state, execution.command, execution.context(loaded.state, now));
      const nothing = isRejection(decided) || decided.length === 0;
      if (nothing && attempt === 1 && !this.written) {
        // Another process may have written since this state was cached: only a fresh look may refuse or find nothing to do.
        this.cache.forget(stream);
        continue;
      }
      if (isRejection(decided)) return decided;
      if (decided.length === 0)
        return {
          outcome: 'unchanged',
          state: loaded.state,
          revision: loaded.revision,
          position: loaded.position,
          facts: [],
        };

      const expected: ExpectedRevision = loaded.revision === -1 ? 'none' : loaded.revision;
      const append = { stream, expected, facts: prepareFacts(stream, decided, execution, loaded.recordedAt, now) };
      const claims = (execution.claims ?? []).map((claim) => claimAppend(claim, execution, now));
      const results = await this.appendAll([...claims, append]);
      const lost = results.slice(0, -1).findIndex((result) => result.outcome === 'conflict');
      if (lost !== -1 && !(await this.isOurs(claims[lost]!))) return execution.claims![lost]!.taken;
      const own = results.at(-1)!;
      // Repeated: another process did this command at the same moment, and what it wrote may differ from what was decided here.
      if (own.outcome !== 'appended' || lost !== -1) {
        this.cache.forget(stream);
        continue;
      }
      if (this.written) for (const one of [...claims, append]) this.written.add(one.stream);
      const after = advance(loaded, decider, append.facts, own.revision, own.position);
      this.cache.put(stream, after);
      return {
        outcome: 'done',
        state: after.state,
        revision: own.revision,
        position: own.position,
        facts: append.facts,
      };
    }
    return reject('conflict', 'too-busy', 'others keep changing this case; try again');
  }

  private async appendAll(appends: readonly Append[]): Promise<readonly AppendResult[]> {
    try {
      return appends.length === 1 ? [await this.store.append(appends[0]!)] : await this.store.appendTogether(appends);
    } catch (error) {
      // It may have been written all the same.
      for (const { stream } of appends) {
        this.cache.forget(stream);
        this.written?.add(stream);
      }
      throw error;
    }
  }

  async load<State, Command, E extends NewFact, Context>(
    stream: string,
    decider: Decider<State, Command, E, Context>,
  ): Promise<Loaded<State>> {
    const cached = this.cache.get<State>(stream);
    if (cached) return cached;
    if (this.written && !this.written.has(stream)) return foldStream(decider, []);
    const loaded = foldStream(decider, await this.store.readStream(stream));
    this.cache.put(stream, loaded);
    return loaded;
  }

  /** The state as stored now, past the cache. */
  async fresh<State, Command, E extends NewFact, Context>(
    stream: string,
    decider: Decider<State, Command, E, Context>,
  ): Promise<Loaded<State>> {
    if (!this.written) this.cache.forget(stream);
    return this.load(stream, decider);
  }

  /** For who has just read whole streams, many at once: what follows finds this one loaded. */
  remember<State, Command, E extends NewFact, Context>(
    stream: string,
    decider: Decider<State, Command, E, Context>,
    facts: readonly RecordedFact[],
  ): Loaded<State> {
    const loaded = foldStream(decider, facts);
    this.cache.put(stream, loaded);
    return loaded;
  }

  private async isOurs(claim: Append): Promise<boolean> {
    const [first] = await this.store.readStream(claim.stream, { limit: 1 });
    return first?.id === claim.facts[0]!.id;
  }
}

const laterOf = (now: Instant, after: Instant | undefined): Instant =>
  after !== undefined && after > now ? after : now;

const keyReused = reject(
  'refused',
  'idempotency-key-reused',
  'this Idempotency-Key was used before with another request; use a new key for a new request',
);

export function foldStream<State, Command, E extends NewFact, Context>(
  decider: Decider<State, Command, E, Context>,
  facts: readonly RecordedFact[],
): Loaded<State> {
  const empty: Loaded<State> = {
    state: decider.initial,
    revision: -1,
    recordedAt: undefined,
    position: undefined,
    cause: undefined,
    commands: new Map(),
  };
  return facts.length === 0 ? empty : advance(empty, decider, facts, facts.at(-1)!.revision, facts.at(-1)!.position);
}

/** Folds facts that follow `loaded`; `revision` is that of the last. */
export function advance<State, Command, E extends NewFact, Context>(
  loaded: Loaded<State>,
  decider: Decider<State, Command, E, Context>,
  facts: readonly Event[],
  revision: number,
  position: Position | undefined,
): Loaded<State> {
  const commands = new Map(loaded.commands);
  let state = loaded.state;
  let at = revision - facts.length + 1;
  for (const fact of facts) {
    state = decider.evolve(state, fact as unknown as E & Event);
    const { commandId, requestHash } = fact.meta;
    commands.set(commandId, { requestHash, first: commands.get(commandId)?.first ?? at, last: at });
    at++;
  }
  const last = facts.at(-1)!;
  return { state, revision, recordedAt: last.recordedAt, position, cause: causeOf(last), commands };
}

type Prepared = Pick<Execution<unknown, unknown, NewFact, unknown>, 'request' | 'meta'>;

export function prepareFacts(
  stream: string,
  decided: readonly NewFact[],
  { request, meta }: Prepared,
  after: Instant | undefined,
  now: Instant,
): FactToAppend[] {
  // recordedAt never decreases within a stream, whatever a clock does.
  const recordedAt = laterOf(now, after);
  const { commandId, requestHash, correlationId, causationId, actor, channel, traceparent } = request;
  const factMeta: FactMeta = {
    commandId,
    requestHash,
    correlationId,
    causationId,
    actor,
    channel,
    ...meta,
    ...(traceparent ? { traceparent } : {}),
  };
  return decided.map(({ type, data }, n) => ({
    id: factIdOf(commandId, stream, n),
    type,
    data,
    recordedAt,
    meta: factMeta,
  }));
}

/** A claim's facts depend on nothing but the command, so that the same command finds its own claim again. */
const claimAppend = (claim: Claim, execution: Prepared, now: Instant): Append => ({
  stream: claim.stream,
  expected: 'none',
  facts: prepareFacts(claim.stream, [claim.fact], execution, undefined, now),
});

/** Least recently used first out. States are immutable, so sharing one is safe; a stale one costs a conflict, no more. */
class StateCache {
  private readonly entries = new Map<string, Loaded<unknown>>();

  constructor(private readonly capacity: number) {}

  get<State>(stream: string): Loaded<State> | undefined {
    const found = this.entries.get(stream);
    if (found) {
      this.entries.delete(stream);
      this.entries.set(stream, found);
    }
    return found as Loaded<State> | undefined;
  }

  put(stream: string, loaded: Loaded<unknown>): void {
    this.entries.delete(stream);
    this.entries.set(stream, loaded);
    if (this.entries.size > this.capacity) this.entries.delete(this.entries.keys().next().value!);
  }

  forget(stream: string): boolean {
    return this.entries.delete(stream);
  }
}
