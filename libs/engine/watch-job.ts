import type { Observe, Origin } from '#libs/kernel';
import type { JobName } from '#libs/jobs';
import type { OnError } from './ports.js';

/**
 * Watches what a job does for one cause, and tells of its failure, where a log line stands under that cause's correlation.
 * The cause is found in the log and not carried by the queue: so it is there as well for a job that was queued anew.
 */
export type WatchJob = (name: JobName, origin: Origin, work: (traceparent?: string) => Promise<void>) => Promise<void>;

export const watchJobs =
  (observe: Observe, onError?: OnError): WatchJob =>
  (name, origin, work) =>
    observe({ kind: 'job', name, origins: [{ meta: origin }] }, async (traceparent) => {
      try {
        await work(traceparent);
      } catch (error) {
        onError?.(error, `job ${name}`);
        throw error;
      }
    });
