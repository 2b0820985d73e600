import {
  Queue,
  UnrecoverableError,
  Worker,
  type BackendFactory,
  type ConnectionOptions,
  type IQueueBackend,
  type JobProgress,
  type JobsOptions,
  type WorkerOptions,
} from 'bullmq';
import { instantOfMs } from '#libs/kernel';
import type { RedisAnswer } from './ask-redis.js';
import type { BoardQueue, JobBoard } from './board.js';
import {
  HopelessJobError,
  RetryLaterError,
  completeProcessors,
  jobNames,
  type AnyProcessor,
  type JobContext,
  type JobName,
  type JobPayloads,
} from './catalogue.js';
import { failureWords } from './failure-words.js';
import { drainMs, type EnqueueOptions, type JobDepth, type JobFailure, type JobQueue } from './port.js';
import { retryDelayMs } from './retry-delay.js';

export interface BullOptions {
  /** What goes wrong outside of any job: a lost connection, a job that vanished while it ran. */
  readonly onError?: (error: Error) => void;
  /** How long, in ms, a job of a worker that was killed stays with it, at least. Default 15 s. */
  readonly lockMs?: number;
}
/** A queue that people can look at, too. */
export interface WatchedJobQueue extends JobQueue {
  /** Loaded when it is first asked for. */
  board(): Promise<JobBoard>;
}

/** What the backends do each in their way. */
export interface Server {
  /** Asks, and does not wait for the answer without end. */
  within<T>(question: () => Promise<T>): Promise<T>;
  /** Where jobs can be lost by more than an accident. */
  examine?(): Promise<RedisAnswer>;
  release(): Promise<void>;
}

type AnyWorker = Worker<unknown, void, string, IQueueBackend, JobProgress, ConnectionOptions>;
type AnyJob = Awaited<ReturnType<BoardQueue['getJobs']>>[number];

const retry = 'qadaga';
/** Job counts are never kept by number: on PostgreSQL that retention deadlocks between workers. */
const jobOptions: JobsOptions = {
  attempts: 1_000_000,
  backoff: { type: retry },
  removeOnComplete: true,
  removeOnFail: { age: 30 * 86_400 },
  stackTraceLimit: 1,
};
const workerOptions: Omit<WorkerOptions, 'connection'> = {
  // A job whose worker was killed is owed as before, however often.
  maxStalledCount: 1_000_000,
  runRetryDelay: 1_000,
  // Of a job that has lost what it was queued with; all others say so themselves.
  removeOnComplete: { count: 0 },
  removeOnFail: { age: 30 * 86_400 },
  settings: {
    backoffStrategy: (attempts, _type, error) =>
      error instanceof RetryLaterError ? error.retryAfterMs : retryDelayMs(attempts),
  },
};

/** BullMQ, whatever keeps it. */
export class BullQueue implements WatchedJobQueue {
  private readonly queues: ReadonlyMap<JobName, BoardQueue>;
  private workers: AnyWorker[] = [];
  private readonly abandon = new AbortController();
  private closing: Promise<void> | undefined;
  private opened: Promise<JobBoard> | undefined;
  private losesJobs = false;
  private looked = false;
  /** Parts of what is held may be gone. */
  private mends = false;

  constructor(
    private readonly backend: BackendFactory,
    private readonly connecting: { readonly connection: ConnectionOptions; readonly prefix?: string },
    private readonly server: Server,
    private readonly options: BullOptions,
  ) {
    this.queues = new Map(
      jobNames.map((name) => {
        const queue: BoardQueue = new Queue(name, { ...connecting, defaultJobOptions: jobOptions }, backend);
        queue.on('error', (error) => this.report(error));
        return [name, queue];
      }),
    );
  }

  async enqueue<N extends JobName>(name: N, payload: JobPayloads[N], options: EnqueueOptions): Promise<void> {
    await this.ask(name, async (queue) => {
      await this.letGoOfBroken(queue, [options.jobId]);
      await queue.add(name, payload, addOptions(options));
    });
  }

  async enqueueAll<N extends JobName>(
    name: N,
    jobs: readonly { readonly payload: JobPayloads[N]; readonly options: EnqueueOptions }[],
  ): Promise<void> {
    // In one order everywhere: two processes that add the same jobs in different orders lock each other out on PostgreSQL.
    const sorted = [...jobs].sort((a, b) => (a.options.jobId < b.options.jobId ? -1 : 1));
    for (let at = 0; at < jobs.length; at += 500) {
      const some = sorted.slice(at, at + 500);
      await this.ask(name, async (queue) => {
        await this.letGoOfBroken(
          queue,
          some.map(({ options }) => options.jobId),
        );
        await queue.addBulk(some.map(({ payload, options }) => ({ name, data: payload, opts: addOptions(options) })));
      });
    }
  }

  async examine(): Promise<string | undefined> {
    const { server } = this;
    if (!server.examine) return undefined;
    const { eviction, evicted } = await server.within(() => server.examine!());
    // Once, and for good: a server started anew has forgotten what it pushed out, and may have kept the rest.
    this.losesJobs ||= eviction !== 'noeviction' || evicted > 0;
    // What was before the first look nobody knows.
    this.mends = this.losesJobs || !this.looked;
    this.looked = true;
    return eviction === 'noeviction'
      ? undefined
      : `Redis may push jobs out of its memory: maxmemory-policy is ${eviction} and must be noeviction; ${evicted} keys ` +
          'are lost so far. What is owed is queued again, later than it could be';
  }

  /** Jobs whose ids are held, and that are in none of the lists anything is taken from. */
  private async letGoOfBroken(queue: BoardQueue, ids: readonly string[]): Promise<void> {
    if (!this.mends) return;
    await Promise.all(
      ids.map(async (id) => {
        if ((await queue.getJobState(id)) === 'unknown') await queue.remove(id);
      }),
    );
  }

  ensureSchedule(name: 'sweep', everyMs: number): Promise<'kept' | 'made'> {
    return this.ask(name, async (queue) => {
      const known = await queue.getJobScheduler(name);
      // A schedule whose moment has passed unnoticed for two rounds has lost its job.
      const living = known?.every === everyMs && known.next !== undefined && known.next > Date.now() - 2 * everyMs;
      if (living && (await hasScheduledJob(queue))) return 'kept';
      if (known) await queue.removeJobScheduler(name);
      // Each sweep does what the one before left: one that failed is told of then, and need not be kept.
      await queue.upsertJobScheduler(
        name,
        { every: everyMs },
        { name, data: {}, opts: { attempts: 1, removeOnFail: true } },
      );
      return 'made';
    });
  }

  async nextRun(name: 'sweep') {
    const next = (await this.ask(name, (queue) => queue.getJobScheduler(name)))?.next;
    return next === undefined ? undefined : instantOfMs(next);
  }

  async work(processors: readonly AnyProcessor[]): Promise<void> {
    const { lockMs = 15_000 } = this.options;
    const locking = { lockDuration: lockMs, stalledInterval: Math.ceil((lockMs * 2) / 3) };
    const complete = completeProcessors(processors);
    if (this.workers.length > 0) throw new Error('this process is working on the queues already');
    this.workers = [...complete.values()].map((one) => {
      const worker: AnyWorker = new Worker(
        one.name,
        (job) => this.run(one, job),
        { ...this.connecting, ...workerOptions, ...locking, concurrency: one.concurrency },
        this.backend,
      );
      worker.on('error', (error) => this.report(error));
      return worker;
    });
    await Promise.all(this.workers.map((worker) => worker.waitUntilReady()));
  }

  private async run(one: AnyProcessor, job: AnyJob): Promise<void> {
    const context: JobContext = {
      jobId: job.id ?? '',
      attempt: job.attemptsMade + 1,
      signal: this.abandon.signal,
    };
    if (!job.opts.attempts) {
      // What it was for is owed, and queued again when its id is free.
      this.report(new Error(`the job ${job.id} of ${one.name} has lost what it was queued with`));
      return;
    }
    try {
      await (one.process as (payload: unknown, context: JobContext) => Promise<void>)(job.data, context);
    } catch (error) {
      if (error instanceof RetryLaterError) throw error;
      const words = failureWords(error);
      throw error instanceof HopelessJobError ? new UnrecoverableError(words) : new Error(words);
    }
  }

  async failures(): Promise<readonly JobFailure[]> {
    const found: JobFailure[] = [];
    for (const name of jobNames) {
      const jobs = await this.ask(name, (queue) => queue.getJobs(['failed', 'delayed'], 0, 999));
      const failed = jobs.filter((job) => job?.failedReason);
      for (const job of failed.slice(0, 100))
        found.push({
          name,
          jobId: job.id ?? '',
          payload: job.data as JobPayloads[JobName],
          reason: job.failedReason.slice(0, 300),
          attempts: job.attemptsMade,
          state: job.finishedOn === undefined ? 'retrying' : 'failed',
        });
    }
    return found;
  }

  retry(name: JobName, jobId: string): Promise<boolean> {
    return this.ask(name, async (queue) => {
      const job = await queue.getJob(jobId);
      if (!job) return false;
      const state = await job.getState();
      if (state === 'failed') await job.retry('failed');
      else if (state === 'delayed') await job.promote();
      else return false;
      return true;
    });
  }

  async depth(): Promise<{ readonly [N in JobName]: JobDepth }> {
    const entries = await Promise.all(
      jobNames.map(async (name) => {
        const { waiting, prioritized, active, delayed, failed } = await this.ask(name, (queue) =>
          queue.getJobCounts(...counted, 'failed'),
        );
        const depth: JobDepth = {
          waiting: (waiting ?? 0) + (prioritized ?? 0),
          active: active ?? 0,
          delayed: delayed ?? 0,
          failed: failed ?? 0,
        };
        return [name, depth] as const;
      }),
    );
    return Object.fromEntries(entries) as { [N in JobName]: JobDepth };
  }

  board(): Promise<JobBoard> {
    this.opened ??= import('./board.js').then(({ createJobBoard }) => {
      const board = createJobBoard([...this.queues.values()]);
      return { ...board, answer: (...asked) => this.server.within(() => board.answer(...asked)) };
    });
    return this.opened;
  }

  close(): Promise<void> {
    this.closing ??= this.shut();
    return this.closing;
  }

  private async shut(): Promise<void> {
    const drained = Promise.all(this.workers.map((worker) => worker.close()));
    await atMost(drainMs, drained);
    this.abandon.abort();
    // A job that gives up now goes back to its queue; one that does not listen is taken from us when its lock runs out.
    await atMost(1000, drained);
    // A server that is away does not answer to a farewell either.
    await atMost(500, Promise.all([...this.queues.values()].map((queue) => queue.close())));
    await atMost(500, this.server.release());
  }

  private ask<T>(name: JobName, question: (queue: BoardQueue) => Promise<T>): Promise<T> {
    return this.server.within(() => question(this.queues.get(name)!));
  }

  private report(error: Error): void {
    if (!this.closing) this.options.onError?.(error);
  }
}

async function hasScheduledJob(queue: BoardQueue): Promise<boolean> {
  const { waiting, active, delayed, prioritized } = await queue.getJobCounts(...counted);
  return (waiting ?? 0) + (active ?? 0) + (delayed ?? 0) + (prioritized ?? 0) > 0;
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => (late = setTimeout(resolve, ms)));
  await Promise.race([work, patience]);
  clearTimeout(late);
}

const counted = ['waiting', 'active', 'delayed', 'prioritized'] as const;

const addOptions = ({ jobId, delayMs, priority }: EnqueueOptions): JobsOptions => ({
  jobId,
  ...(delayMs ? { delay: delayMs } : {}),
  ...(priority ? { priority } : {}),
});
