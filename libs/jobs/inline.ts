import { instantOfMs, msOf, type Clock } from '#libs/kernel';
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
import type { EnqueueOptions, JobDepth, JobFailure, JobQueue } from './port.js';
import { retryDelayMs } from './retry-delay.js';

interface Held {
  readonly name: JobName;
  readonly jobId: string;
  readonly payload: JobPayloads[JobName];
  readonly dueMs: number;
  readonly attempts: number;
  readonly reason?: string;
  readonly state: 'waiting' | 'active' | 'failed';
}

export interface InlineJobQueue extends JobQueue {
  /** Runs what has fallen due by the clock, schedules too, until nothing is due; how many jobs that was. */
  runDue(): Promise<number>;
}

/**
 * Runs each job in this process, and `enqueue` waits for it: for a replay under a simulated clock, where "later" comes
 * when the clock says so and `runDue` is called.
 */
export function createInlineJobQueue(clock: Clock): InlineJobQueue {
  const held = new Map<string, Held>();
  let processors: ReadonlyMap<JobName, AnyProcessor> | undefined;
  let schedule: { everyMs: number; nextMs: number } | undefined;
  const abandon = new AbortController();
  const running = new Set<Promise<void>>();
  const keyOf = (name: JobName, jobId: string) => `${name} ${jobId}`;
  const now = () => msOf(clock.now());

  async function run(job: Held): Promise<void> {
    const key = keyOf(job.name, job.jobId);
    const attempt = job.attempts + 1;
    held.set(key, { ...job, state: 'active' });
    const context: JobContext = { jobId: job.jobId, attempt, signal: abandon.signal };
    const { process } = processors!.get(job.name)!;
    const work = (async () => {
      try {
        await (process as (payload: unknown, context: JobContext) => Promise<void>)(job.payload, context);
        held.delete(key);
      } catch (error) {
        const reason = failureWords(error);
        const wait = error instanceof RetryLaterError ? error.retryAfterMs : retryDelayMs(attempt);
        const state = error instanceof HopelessJobError ? 'failed' : 'waiting';
        held.set(key, { ...job, attempts: attempt, reason, state, dueMs: now() + wait });
      }
    })();
    running.add(work);
    await work.finally(() => running.delete(work));
  }

  const queue: InlineJobQueue = {
    async enqueue(name, payload, options: EnqueueOptions) {
      const key = keyOf(name, options.jobId);
      if (abandon.signal.aborted || held.has(key)) return;
      const dueMs = now() + (options.delayMs ?? 0);
      const job: Held = { name, jobId: options.jobId, payload, dueMs, attempts: 0, state: 'waiting' };
      held.set(key, job);
      if (processors && !options.delayMs) await run(job);
    },
    async enqueueAll(name, jobs) {
      for (const { payload, options } of jobs) await queue.enqueue(name, payload, options);
    },
    examine: async () => undefined,
    async ensureSchedule(_name, everyMs) {
      if (schedule?.everyMs === everyMs) return 'kept';
      schedule = { everyMs, nextMs: now() };
      return 'made';
    },
    nextRun: async () => (schedule ? instantOfMs(schedule.nextMs) : undefined),
    async work(given) {
      processors = completeProcessors(given);
      await queue.runDue();
    },
    async runDue() {
      let count = 0;
      if (!processors || abandon.signal.aborted) return count;
      if (schedule && schedule.nextMs <= now()) {
        schedule.nextMs = now() + schedule.everyMs;
        await queue.enqueue('sweep', {}, { jobId: 'scheduled' });
        count++;
      }
      for (;;) {
        const due = [...held.values()].find((job) => job.state === 'waiting' && job.dueMs <= now());
        if (!due) return count;
        await run(due);
        count++;
      }
    },
    failures: async () =>
      [...held.values()]
        .filter((job) => job.reason !== undefined)
        .map(({ name, jobId, payload, reason, attempts, state }): JobFailure => ({
          name,
          jobId,
          payload,
          reason: reason!,
          attempts,
          state: state === 'failed' ? 'failed' : 'retrying',
        })),
    async retry(name, jobId) {
      const job = held.get(keyOf(name, jobId));
      if (!job || job.state === 'active') return false;
      await run(job);
      return true;
    },
    async depth() {
      const of = (name: JobName): JobDepth => {
        const jobs = [...held.values()].filter((job) => job.name === name);
        const waiting = jobs.filter((job) => job.state === 'waiting');
        return {
          waiting: waiting.filter((job) => job.dueMs <= now()).length,
          active: jobs.filter((job) => job.state === 'active').length,
          delayed: waiting.filter((job) => job.dueMs > now()).length,
          failed: jobs.filter((job) => job.state === 'failed').length,
        };
      };
      return Object.fromEntries(jobNames.map((name) => [name, of(name)])) as { [N in JobName]: JobDepth };
    },
    async close() {
      abandon.abort();
      await Promise.allSettled(running);
    },
  };
  return queue;
}
