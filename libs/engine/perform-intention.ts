import { isRejection, never, type Fact } from '#libs/kernel';
import { caseWorkDecider, caseWorkStream, isSent } from '#libs/domain';
import type { Intention } from '#libs/domain';
import { issueNotice, onNotice, systemRequest, type House } from '#libs/application';
import type { EnqueueOptions, JobName, JobPayloads, JobQueue } from '#libs/jobs';
import type { EngineStore, OnError } from './ports.js';

export interface PerformOptions {
  readonly house: House;
  readonly queue: JobQueue;
  readonly engineStore: EngineStore;
  readonly onError?: OnError;
  /**
   * How long, in ms, to wait for the queue. What it did not take is owed all the same and queued again from the boards, so
   * a queue that is away holds up no notice. Infinity for a queue that runs jobs inside `enqueue`. Default 2 s.
   */
  readonly queuePatienceMs?: number;
}

/** The house said no to what a policy wants: nothing will change that by itself, so it is parked where people see it. */
export class IntentionRefusedError extends Error {
  override readonly name = 'IntentionRefusedError';
}

export const noticeJob = (noticeId: string): EnqueueOptions => ({ jobId: `notice-${noticeId}` });
export const alertJob = (alertId: string): EnqueueOptions => ({ jobId: `alert-${alertId}` });
export const orderJob = (orderFactId: string): EnqueueOptions => ({ jobId: `order-${orderFactId}` });

/** Does what a policy asks for. Its command's key names cause and purpose, so doing it again is the same command. */
export function intentionPerformer(options: PerformOptions): (intention: Intention, fact: Fact) => Promise<void> {
  const { house, engineStore } = options;

  return async (intention, fact) => {
    const now = house.clock.now();
    switch (intention.intention) {
      case 'issue-notice': {
        const { caseId, versionId } = intention;
        const request = systemRequest(`issue-notice/${caseId}/${versionId}`, now, 'policy', fact.id);
        orRefused(await issueNotice(house, { caseId, versionId }, request));
        return;
      }
      case 'queue-notice': {
        const { noticeId } = intention;
        const request = systemRequest(`queue-notice/${noticeId}`, now, 'policy', fact.id);
        const done = orRefused(await onNotice(house, noticeId, { type: 'QueueNotice' }, request));
        if (!isSent(done.state)) await enqueue(options, 'deliver-notice', { noticeId }, noticeJob(noticeId));
        return;
      }
      case 'send-alert': {
        const { caseId, alertId } = intention;
        const { state } = await house.writePath.load(caseWorkStream(caseId), caseWorkDecider);
        const alert = state.alerts.get(alertId);
        if (alert && (alert.cancelled || alert.audience.every((one) => alert.sentTo.includes(one)))) return;
        await enqueue(options, 'send-alert', { caseId, alertId }, alertJob(alertId));
        return;
      }
      case 'follow-order': {
        const { orderFactId } = intention;
        if (!(await engineStore.beginOrder(orderFactId))) return;
        await enqueue(options, 'follow-order', { orderFactId }, orderJob(orderFactId));
        return;
      }
      default:
        never(intention);
    }
  };
}

function orRefused<T>(outcome: T): Exclude<T, { readonly rejected: true }> {
  if (isRejection(outcome)) throw new IntentionRefusedError(`${outcome.code}: ${outcome.message}`);
  return outcome as Exclude<T, { readonly rejected: true }>;
}

async function enqueue<N extends JobName>(
  { queue, onError, queuePatienceMs = 2000 }: PerformOptions,
  name: N,
  payload: JobPayloads[N],
  job: EnqueueOptions,
): Promise<void> {
  const queued = queue.enqueue(name, payload, job).catch((error) => onError?.(error, `queue ${name}`));
  if (queuePatienceMs === Infinity) return queued;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      onError?.(new Error('the queue does not answer'), `queue ${name}`);
      resolve();
    }, queuePatienceMs);
  });
  await Promise.race([queued, late]);
  clearTimeout(timer);
}
