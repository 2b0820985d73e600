import { msOf, unobserved, type Instant, type Observe } from '#libs/kernel';
import type { House } from '#libs/application';
import { processor, type AnyProcessor, type JobDepth, type JobFailure, type JobName, type JobQueue } from '#libs/jobs';
import { deliverNotice, noticesPerJob, type DeliveryConfig } from './deliver-notice.js';
import { followOrder } from './follow-order.js';
import type { Outbox } from './outbox.js';
import { intentionPerformer } from './perform-intention.js';
import { PolicyRunner, policyCheckpoint } from './policy-runner.js';
import type { DueBoards, EngineStore, Leadership, OnError, ParkedFact } from './ports.js';
import { queueOwed, type Owed } from './queue-owed.js';
import { requeueOwed, type Requeued } from './rederive.js';
import { sendAlert } from './send-alert.js';
import { sweep, type SweepReport } from './sweep.js';
import { watchJobs } from './watch-job.js';

export interface EngineOptions {
  readonly house: House;
  readonly boards: DueBoards;
  readonly queue: JobQueue;
  readonly engineStore: EngineStore;
  /** Of the policies. */
  readonly leadership: Leadership;
  /** One process sweeps at a time. */
  readonly sweeping: Pick<Leadership, 'tryAcquire'>;
  /**
   * Asked before a sweep. A miss is on record for good: who has a clock that is wrong must not judge by it.
   * @throws Error when it is
   */
  readonly checkClock?: () => Promise<void>;
  /** Asked before this process performs policies; see `PolicyRunnerOptions`. */
  readonly mayLead?: () => Promise<void>;
  readonly outbox: Outbox;
  readonly delivery: DeliveryConfig;
  readonly onError?: OnError;
  /** Default 15 (QADAGA_SWEEP_SECONDS). */
  readonly sweepSeconds?: number;
  /** How often each process looks whether what is owed is queued. Default 20. */
  readonly keeperSeconds?: number;
  readonly policyConcurrency?: number;
  /**
   * How long, in ms, policies wait for the queue. What it did not take is owed all the same and queued again from the
   * boards, so a queue that is away holds up no notice. Infinity for a queue that runs jobs inside `enqueue`. Default 2 s.
   */
  readonly queuePatienceMs?: number;
  readonly observe?: Observe;
}

export interface LastSweep extends SweepReport {
  readonly requeued: Requeued;
}

/** For doctor, health and the officers' page; answers from any process. */
export interface EngineStatus {
  readonly lastSweep: LastSweep | undefined;
  readonly nextSweepAt: Instant | undefined;
  /** undefined: the queue does not answer. */
  readonly queues: { readonly [N in JobName]: JobDepth } | undefined;
  readonly failures: readonly JobFailure[];
  readonly parked: readonly ParkedFact[];
  readonly policies: { readonly position: string | undefined; readonly leading: boolean; readonly caughtUp: boolean };
  readonly nearestDeadline: { readonly at: Instant; readonly hours: number } | undefined;
}

const sweepReport = 'sweep';

/** The deadline engine: policies, jobs, and a keeper that sees to it that nothing owed is forgotten. */
export class Engine {
  readonly policies: PolicyRunner;
  readonly processors: readonly AnyProcessor[];
  private readonly startedAt: Instant;
  private keeping: NodeJS.Timeout | undefined;
  private kept: Promise<void> = Promise.resolve();
  /** As it was told last, so that it is told again only when it changes. */
  private wrongWithQueue: string | undefined;
  /** Parts of the keeper that have not come back: a queue that is away can hold one for long. */
  private readonly busy = new Set<string>();

  constructor(private readonly options: EngineOptions) {
    const { house, boards, engineStore, leadership, outbox, delivery, onError, observe = unobserved } = options;
    this.startedAt = house.clock.now();
    this.policies = new PolicyRunner({
      store: house.writePath.store,
      engineStore,
      leadership,
      clock: house.clock,
      perform: intentionPerformer(house, engineStore),
      enqueue: (owed) => this.enqueue(owed),
      observe,
      ...(options.mayLead ? { mayLead: options.mayLead } : {}),
      ...(options.policyConcurrency ? { concurrency: options.policyConcurrency } : {}),
      ...(onError ? { onError } : {}),
    });
    const watch = watchJobs(observe, onError);
    this.processors = [
      processor('sweep', (_payload, { jobId }) =>
        watch('sweep', { correlationId: jobId }, async () => void (await this.sweep())),
      ),
      processor('deliver-notice', deliverNotice(house, delivery, watch), 8),
      processor('send-alert', sendAlert(house, outbox, watch), 8),
      processor('follow-order', followOrder(house, boards, engineStore, watch)),
    ];
  }

  /**
   * Works on the queues and keeps them filled. Policies are started apart: `engine.policies.start()`. A queue that is away
   * is reported and not waited for: work begins when it comes.
   */
  async startJobs(): Promise<void> {
    const { queue, keeperSeconds = 20, onError } = this.options;
    // First the keeper: a queue that is away when we start must not keep the sweep from being done.
    this.keeping = setInterval(() => (this.kept = this.keep()), keeperSeconds * 1000);
    this.keeping.unref();
    const working = queue.work(this.processors).then(() => (this.kept = this.keep()));
    if (await comesWithin(5_000, working)) return;
    onError?.(new Error('the queue does not answer yet'), 'queue');
    working.catch((error: unknown) => onError?.(error, 'queue'));
  }

  /** Ends policies and jobs and closes the queue; the engine store is its owner's to close. */
  async stop(): Promise<void> {
    clearInterval(this.keeping);
    await this.policies.stop();
    await this.options.queue.close();
    await this.kept;
  }

  /** Everything due by now, and everything owed that is not queued; undefined when another process is at it. */
  async sweep(): Promise<LastSweep | undefined> {
    return this.sweepAlone(() => this.requeue());
  }

  /**
   * Makes the schedule again if it is gone, and queues what is owed. A queue that has not brought a sweep for long is
   * not waited for: the sweep is done here.
   */
  async keep(): Promise<void> {
    const { queue, house, sweepSeconds = 15 } = this.options;
    await this.guarded('keeper: queue', async () => {
      await queue.ensureSchedule('sweep', sweepSeconds * 1000);
      await this.requeue();
    });
    await this.guarded('keeper: sweep', async () => {
      const last = await this.lastSweep();
      const ageMs = msOf(house.clock.now()) - msOf(last?.at ?? this.startedAt);
      if (ageMs <= Math.max(60_000, 4000 * sweepSeconds)) return;
      await this.sweepAlone(async () => ({ notices: 0, alerts: 0, orders: 0 }));
    });
  }

  private async sweepAlone(requeue: () => Promise<Requeued>): Promise<LastSweep | undefined> {
    const { house, boards, engineStore, onError, sweeping, checkClock } = this.options;
    const turn = await sweeping.tryAcquire();
    if (turn === undefined) return undefined;
    try {
      await checkClock?.();
      const report = await sweep({ house, boards, ...(onError ? { onError } : {}) });
      const last: LastSweep = { ...report, requeued: await requeue() };
      await engineStore.saveReport(sweepReport, last.at, last);
      return last;
    } finally {
      await turn.release();
    }
  }

  /** Of whichever process. */
  async lastSweep(): Promise<LastSweep | undefined> {
    return (await this.options.engineStore.report<LastSweep>(sweepReport))?.body;
  }

  parked(): Promise<readonly ParkedFact[]> {
    return this.options.engineStore.parked();
  }

  queueDepth(): Promise<{ readonly [N in JobName]: JobDepth }> {
    return this.options.queue.depth();
  }

  async status(): Promise<EngineStatus> {
    const { queue, engineStore, boards, house } = this.options;
    const now = house.clock.now();
    const [last, nextSweepAt, queues, failures, parked, position, nearest] = await Promise.all([
      this.lastSweep(),
      orUndefined(queue.nextRun('sweep')),
      orUndefined(this.queueDepth()),
      orUndefined(queue.failures()),
      this.parked(),
      engineStore.checkpoint(policyCheckpoint),
      boards.nearestDeadline(now),
    ]);
    const { leading, caughtUp } = this.policies.state;
    return {
      lastSweep: last,
      nextSweepAt,
      queues,
      failures: failures ?? [],
      parked,
      policies: { position, leading, caughtUp },
      nearestDeadline: nearest && { at: nearest, hours: Math.round((msOf(nearest) - msOf(now)) / 360_000) / 10 },
    };
  }

  private async requeue(): Promise<Requeued> {
    const { boards, engineStore, queue, delivery, onError } = this.options;
    const wrong = await queue.examine();
    if (wrong !== undefined && wrong !== this.wrongWithQueue) onError?.(new Error(wrong), 'queue');
    this.wrongWithQueue = wrong;
    return requeueOwed(boards, engineStore, queue, noticesPerJob(delivery));
  }

  private async enqueue(owed: readonly Owed[]): Promise<void> {
    const { queue, delivery, onError, queuePatienceMs = 2000 } = this.options;
    const report = (error: unknown) => onError?.(error, 'queue');
    const queued = queueOwed(queue, owed, noticesPerJob(delivery)).catch(report);
    if (queuePatienceMs === Infinity) return queued;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        report(new Error('the queue does not answer'));
        resolve();
      }, queuePatienceMs);
    });
    await Promise.race([queued, late]);
    clearTimeout(timer);
  }

  /** Waits for the work, at most 15 s; what hangs longer is reported, and not begun a second time beside itself. */
  private async guarded(where: string, work: () => Promise<void>): Promise<void> {
    if (this.busy.has(where)) return;
    this.busy.add(where);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer within 15 s')), 15_000);
    });
    try {
      await Promise.race([work().finally(() => this.busy.delete(where)), late]);
    } catch (error) {
      this.options.onError?.(error, where);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** @returns whether it came in time; what fails in time is thrown */
async function comesWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Status must come though the queue is away, and before who asks about our health gives up, after two seconds. */
async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), 1000)));
  try {
    return await Promise.race([answer.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
