import { derivedId, type Uuid } from '#libs/kernel';
import type { EnqueueOptions, JobQueue } from '#libs/jobs';

/** What the outside world is owed; each becomes a job, or a part of one. */
export type Owed =
  | { readonly owed: 'notice'; readonly noticeId: Uuid }
  | { readonly owed: 'alert'; readonly caseId: Uuid; readonly alertId: Uuid }
  | { readonly owed: 'order'; readonly orderFactId: Uuid };

type Of<Kind extends Owed['owed']> = Extract<Owed, { readonly owed: Kind }>;

/** Queues all of it in few steps. Job ids follow from what is owed, so what the queue holds already it takes once. */
export async function queueOwed(queue: JobQueue, owed: readonly Owed[], noticesPerJob: number): Promise<void> {
  const of = <Kind extends Owed['owed']>(kind: Kind) => owed.filter((one): one is Of<Kind> => one.owed === kind);
  const notices = of('notice').map(({ noticeId }) => noticeId);
  if (notices.length > 0)
    await queue.enqueueAll(
      'deliver-notice',
      inGroups(notices, noticesPerJob).map((noticeIds) => ({ payload: { noticeIds }, options: noticeJob(noticeIds) })),
    );
  const alerts = of('alert');
  if (alerts.length > 0)
    await queue.enqueueAll(
      'send-alert',
      alerts.map(({ caseId, alertId }) => ({ payload: { caseId, alertId }, options: { jobId: `alert-${alertId}` } })),
    );
  for (const { orderFactId } of of('order'))
    await queue.enqueue('follow-order', { orderFactId }, { jobId: `order-${orderFactId}` });
}

const noticeJob = (noticeIds: readonly Uuid[]): EnqueueOptions => ({
  jobId: noticeIds.length === 1 ? `notice-${noticeIds[0]!}` : `notices-${derivedId(noticeIds.join(), 'delivery')}`,
});

const inGroups = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size));
