import type { Uuid } from '#libs/kernel';

/**
 * Every kind of job and what it carries: ids only. What a job needs it reads from the log when it runs, so a job that is
 * lost, late or doubled can do no harm.
 */
export interface JobPayloads {
  /** Looks at the boards for what has fallen due. */
  readonly sweep: Record<never, never>;
  /** One, where each has retries of its own; many, where bringing them is a record of ours only. */
  readonly 'deliver-notice': { readonly noticeIds: readonly Uuid[] };
  readonly 'send-alert': { readonly caseId: Uuid; readonly alertId: Uuid };
  /** Looks again at the duties that an order of the authority can reach. */
  readonly 'follow-order': { readonly orderFactId: Uuid };
}

export type JobName = keyof JobPayloads;

export const jobNames = ['sweep', 'deliver-notice', 'send-alert', 'follow-order'] as const satisfies readonly JobName[];

export interface JobContext {
  readonly jobId: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the process cannot wait for the job any longer. */
  readonly signal: AbortSignal;
}

/** Resolves when the job is done; rejects to be run again later (see `RetryLaterError`, `HopelessJobError`). */
export type Process<N extends JobName> = (payload: JobPayloads[N], context: JobContext) => Promise<void>;

export interface Processor<N extends JobName = JobName> {
  readonly name: N;
  readonly process: Process<N>;
  /** How many of them one process runs at a time. */
  readonly concurrency: number;
}

/** A processor without its payload's type: what a list of them holds. */
export type AnyProcessor = { readonly [N in JobName]: Processor<N> }[JobName];

export const processor = <N extends JobName>(name: N, process: Process<N>, concurrency = 1): Processor<N> => ({
  name,
  process,
  concurrency,
});

/** Says when to try again, where the doubling wait will not do. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError';
  constructor(
    message: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }
}

/** Trying again cannot help; the job stays visible until somebody looks. */
export class HopelessJobError extends Error {
  override readonly name = 'HopelessJobError';
}

/**
 * The processors by name, one for each kind of job.
 * @throws when a kind has none or two: a process that serves half of the queues would lose work silently.
 */
export function completeProcessors(processors: readonly AnyProcessor[]): ReadonlyMap<JobName, AnyProcessor> {
  const byName = new Map<JobName, AnyProcessor>();
  for (const one of processors) {
    if (!(jobNames as readonly string[]).includes(one.name))
      throw new Error(`there is no queue ${JSON.stringify(one.name)}; known: ${jobNames.join(', ')}`);
    if (byName.has(one.name)) throw new Error(`the queue ${one.name} has two processors`);
    byName.set(one.name, one);
  }
  const missing = jobNames.filter((name) => !byName.has(name));
  if (missing.length > 0) throw new Error(`no processor for: ${missing.join(', ')}`);
  return byName;
}
