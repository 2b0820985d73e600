import type { Instant } from '#libs/kernel';
import type { AnyProcessor, JobName, JobPayloads } from './catalogue.js';

export interface EnqueueOptions {
  /** Computed from what the job is for: a job that is held under this id already is not queued twice. No colon in it. */
  readonly jobId: string;
  readonly delayMs?: number;
  /** 1 (first) to 2,000,000; without one before all that have one. */
  readonly priority?: number;
}

export interface JobFailure {
  readonly name: JobName;
  readonly jobId: string;
  /** Ids only, as everything in a payload. */
  readonly payload: JobPayloads[JobName];
  /** The last error's message, at most 300 characters. */
  readonly reason: string;
  readonly attempts: number;
  /** `failed`: nobody tries again unless asked to. */
  readonly state: 'retrying' | 'failed';
}

export interface JobDepth {
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly failed: number;
}

/**
 * Carries intentions to where they are performed. It may lose everything it holds: what is owed is in the log, and the
 * engine queues it again. A job that is done leaves no trace, so its id may be queued again at once.
 */
export interface JobQueue {
  enqueue<N extends JobName>(name: N, payload: JobPayloads[N], options: EnqueueOptions): Promise<void>;
  /** Many at once; each as by `enqueue`. */
  enqueueAll<N extends JobName>(
    name: N,
    jobs: readonly { readonly payload: JobPayloads[N]; readonly options: EnqueueOptions }[],
  ): Promise<void>;
  /**
   * Looks whether the queue keeps what it is given. After it has lost parts of jobs, so that they are held and can never
   * run, those are let go of when they are queued again.
   * @returns what is wrong, in words for who runs the server; undefined: nothing
   */
  examine(): Promise<string | undefined>;
  /** Makes the job run every so often, the first time at once. Leaves a living schedule of the same pace alone. */
  ensureSchedule(name: 'sweep', everyMs: number): Promise<'kept' | 'made'>;
  /** When the schedule fires next; undefined without a schedule. */
  nextRun(name: 'sweep'): Promise<Instant | undefined>;
  /** Starts working. @throws when the processors are not complete (`completeProcessors`). */
  work(processors: readonly AnyProcessor[]): Promise<void>;
  /** Jobs whose last attempt failed, at most 100 of each kind. */
  failures(): Promise<readonly JobFailure[]>;
  /** Runs a failed or waiting-to-be-retried job now; false when there is none. */
  retry(name: JobName, jobId: string): Promise<boolean>;
  depth(): Promise<{ readonly [N in JobName]: JobDepth }>;
  /** Takes no more jobs and waits for the running ones; those that take longer are told, and are owed as before. */
  close(): Promise<void>;
}

/** How long `close` lets running jobs be; a process has ten seconds to end in all. */
export const drainMs = 6_000;
