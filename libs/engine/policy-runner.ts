import {
  instantOfMs,
  msOf,
  OutdatedError,
  unobserved,
  type Clock,
  type Fact,
  type Observe,
  type Uuid,
} from '#libs/kernel';
import { intentionsOf, type Intention } from '#libs/domain';
import { StoreUnavailableError, type EventStore, type Position, type RecordedFact } from '#libs/event-store';
import { retryDelayMs } from '#libs/jobs';
import { KeyedLock, forEachLimited, messageOf, pause } from './concurrency.js';
import type { Perform } from './perform-intention.js';
import type { EngineStore, Leadership, Lease, OnError, ParkedFact } from './ports.js';
import type { Owed } from './queue-owed.js';

export const policyCheckpoint = 'policies';

const batchSize = 500;
const longestRestMs = 100;

export interface PolicyRunnerOptions {
  readonly store: EventStore;
  readonly engineStore: EngineStore;
  readonly leadership: Leadership;
  /** Does what a fact asks for; once, however often it is called. Answers what is to be queued; rejects when it could not. */
  readonly perform: Perform;
  /** Queues what is owed. What the queue did not take is queued again from the boards, so nothing waits for it long. */
  readonly enqueue: (owed: readonly Owed[]) => Promise<void>;
  readonly clock: Clock;
  /** How many cases at a time; the facts of one case are performed in their order. Default 128: they share their reads and appends. */
  readonly concurrency?: number;
  readonly onError?: OnError;
  /** How often parked facts are looked at. Default 2 s. */
  readonly parkedEveryMs?: number;
  readonly observe?: Observe;
  /** Asked when it is this process's turn to lead. @throws OutdatedError when a newer release has led. */
  readonly mayLead?: () => Promise<void>;
}

interface Work {
  readonly fact: RecordedFact;
  readonly intentions: readonly { readonly policy: string; readonly intention: Intention }[];
}

/**
 * Follows the log and performs what the policies ask for. One process leads, the others stand by. A fact that fails is
 * parked where it is seen, later ones of its case behind it, and all the others go on.
 */
export class PolicyRunner {
  private readonly ending = new AbortController();
  private readonly locks = new KeyedLock();
  /** Keys with parked facts: what comes for them waits behind. */
  private readonly parkedKeys = new Set<string>();
  private running: Promise<void> | undefined;
  private position: Position | undefined;
  private savedAtMs = 0;
  private leading = false;
  private caughtUp = false;
  private tooOld: OutdatedError | undefined;

  constructor(private readonly options: PolicyRunnerOptions) {}

  /** Whether this process is the one that performs, and whether it has seen all there is. */
  get state(): { readonly leading: boolean; readonly caughtUp: boolean; readonly position: Position | undefined } {
    return { leading: this.leading, caughtUp: this.caughtUp, position: this.position };
  }

  /** Why this process leads no more: it met what only a newer release knows. It stands by until it is replaced. */
  get outdated(): OutdatedError | undefined {
    return this.tooOld;
  }

  start(): void {
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** For who runs without subscribing (a replay): performs everything committed so far, also what that led to. */
  async catchUp(): Promise<void> {
    await this.resume();
    for (;;) {
      const head = await this.options.store.head();
      if (head === undefined || head === this.position) return;
      const after = this.position === undefined ? {} : { after: this.position };
      for await (const batch of this.options.store.readAll({ ...after, upTo: head })) await this.handle(batch);
      // The head may be a position no fact of ours has.
      this.position = head;
    }
  }

  /** Tries parked facts whose time has come; how many are done. */
  async retryParked(): Promise<number> {
    const { engineStore, clock } = this.options;
    const heads = new Map<string, ParkedFact>();
    for (const one of await engineStore.parked()) if (!heads.has(one.key)) heads.set(one.key, one);
    const now = clock.now();
    let done = 0;
    for (const [key, head] of heads) {
      if (head.nextAttemptAt > now) continue;
      done += await this.locks.hold(key, () => this.retryKey(key));
    }
    return done;
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted && this.tooOld === undefined) {
      let lease: Lease | undefined;
      try {
        lease = await this.options.leadership.acquire(signal);
        if (lease) {
          await this.options.mayLead?.();
          await this.lead(lease);
        }
      } catch (error) {
        if (error instanceof OutdatedError) this.tooOld = error;
        this.options.onError?.(error, 'policies');
      } finally {
        this.leading = false;
        this.caughtUp = false;
        await lease?.release();
      }
      if (this.tooOld === undefined) await pause(1000, signal);
    }
  }

  private async lead(lease: Lease): Promise<void> {
    const { store, engineStore, parkedEveryMs = 2000 } = this.options;
    await this.resume();
    this.leading = true;
    const subscription = store.subscribe({
      ...(this.position === undefined ? {} : { after: this.position }),
      batchSize,
      handle: async (batch) => {
        const began = performance.now();
        await this.handle(batch);
        // Who files has the way first: under load a rest as long as the work makes the next batch larger and cheaper.
        if (batch.length < batchSize)
          await pause(Math.min(longestRestMs, performance.now() - began), this.ending.signal);
      },
      onCaughtUp: () => (this.caughtUp = true),
    });
    const leaving = new AbortController();
    const { signal } = this.ending;
    const ended = new Promise<void>((resolve) => {
      // Asked to end while the place was being read, it would never hear of it.
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    const retrying = this.retryWhileLeading(parkedEveryMs, leaving.signal);
    try {
      await Promise.race([subscription.done, lease.lost, ended]);
    } finally {
      leaving.abort();
      await subscription.stop();
      await retrying;
    }
    if (this.position !== undefined) await engineStore.saveCheckpoint(policyCheckpoint, this.position);
  }

  private async retryWhileLeading(everyMs: number, signal: AbortSignal): Promise<void> {
    for (await pause(everyMs, signal); !signal.aborted; await pause(everyMs, signal))
      try {
        await this.retryParked();
      } catch (error) {
        this.options.onError?.(error, 'parked facts');
      }
  }

  private async resume(): Promise<void> {
    const { engineStore } = this.options;
    this.position = await engineStore.checkpoint(policyCheckpoint);
    this.parkedKeys.clear();
    for (const { key } of await engineStore.parked()) this.parkedKeys.add(key);
  }

  private async handle(batch: readonly RecordedFact[]): Promise<void> {
    const work = new Map<string, Work[]>();
    for (const fact of batch) {
      const intentions = intentionsOf(fact);
      if (intentions.length === 0) continue;
      const key = keyOf(fact, intentions[0]!.intention);
      const same = work.get(key);
      if (same) same.push({ fact, intentions });
      else work.set(key, [{ fact, intentions }]);
    }
    const owed: Owed[] = [];
    await forEachLimited(work, this.options.concurrency ?? 128, ([key, all]) =>
      this.locks.hold(key, async () => {
        for (const one of all) if (!this.ending.signal.aborted) await this.performOrPark(key, one, owed);
      }),
    );
    // Broken off: who leads next begins the batch anew, and what was performed is found done.
    if (this.ending.signal.aborted) return;
    if (owed.length > 0) await this.options.enqueue(owed);
    this.position = batch.at(-1)!.position;
    // Where nothing was asked for, a second's worth of facts may be read again.
    if (work.size === 0 && Date.now() - this.savedAtMs < 1000) return;
    await this.options.engineStore.saveCheckpoint(policyCheckpoint, this.position);
    this.savedAtMs = Date.now();
  }

  private async performOrPark(key: string, { fact, intentions }: Work, owed: Owed[]): Promise<void> {
    const waits = this.parkedKeys.has(key);
    const reason = waits ? 'waits behind an earlier fact' : await this.attempt(fact, intentions, owed);
    if (reason === undefined) return;
    this.parkedKeys.add(key);
    const now = this.options.clock.now();
    const { id: factId, type, stream, revision } = fact;
    await this.options.engineStore.park({
      factId,
      type,
      stream,
      revision,
      key,
      reason,
      attempts: waits ? 0 : 1,
      parkedAt: now,
      nextAttemptAt: waits ? now : instantOfMs(msOf(now) + retryDelayMs(1)),
    });
  }

  /**
   * Why it could not be performed; undefined when it was.
   * @throws what is not the fact's fault: StoreUnavailableError, or OutdatedError where a newer release goes on with the case
   */
  private async attempt(fact: RecordedFact, intentions: Work['intentions'], owed: Owed[]): Promise<string | undefined> {
    const { observe = unobserved } = this.options;
    for (const { policy, intention } of intentions)
      try {
        await observe({ kind: 'policy', name: policy, origins: [fact] }, async (traceparent) => {
          try {
            const one = await this.options.perform(intention, fact, traceparent);
            if (one) owed.push(one);
          } catch (error) {
            // Told here, where a log line still stands under the fact's correlation.
            if (!isElsewhere(error)) this.options.onError?.(error, policy);
            throw error;
          }
        });
      } catch (error) {
        if (isElsewhere(error)) throw error;
        return `${policy}: ${messageOf(error)}`.slice(0, 300);
      }
    return undefined;
  }

  private async retryKey(key: string): Promise<number> {
    const { engineStore, store, clock } = this.options;
    let done = 0;
    for (;;) {
      const head = (await engineStore.parked()).find((one) => one.key === key);
      if (!head) break;
      const [fact] = await store.readStream(head.stream, { from: head.revision, limit: 1 });
      const owed: Owed[] = [];
      const reason = fact ? await this.attempt(fact, intentionsOf(fact), owed) : undefined;
      if (owed.length > 0) await this.options.enqueue(owed);
      if (reason !== undefined) {
        await engineStore.park(failedAgain(head, reason, msOf(clock.now())));
        return done;
      }
      await engineStore.unpark(head.factId);
      done++;
    }
    this.parkedKeys.delete(key);
    return done;
  }
}

const isElsewhere = (error: unknown) => error instanceof StoreUnavailableError || error instanceof OutdatedError;

function failedAgain(head: ParkedFact, reason: string, nowMs: number): ParkedFact {
  const attempts = head.attempts + 1;
  return { ...head, reason, attempts, nextAttemptAt: instantOfMs(nowMs + retryDelayMs(attempts)) };
}

const keyOf = (fact: Fact, intention: Intention): string =>
  ('caseId' in intention ? (intention.caseId as Uuid) : undefined) ?? fact.stream;
