import type { Uuid } from '#libs/kernel';
import type { JobQueue } from '#libs/jobs';
import { alertJob, noticeJob, orderJob } from './perform-intention.js';
import type { DueBoards, EngineStore, OwedPage } from './ports.js';

export interface Requeued {
  readonly notices: number;
  readonly alerts: number;
  readonly orders: number;
}

const pageSize = 1000;

/**
 * Queues everything that is owed and may have no job: what the queue holds already it takes once. So a queue may lose all
 * it has, and nothing is forgotten.
 */
export async function requeueOwed(boards: DueBoards, engineStore: EngineStore, queue: JobQueue): Promise<Requeued> {
  const notices = await inPages(
    (page) => boards.unsentNotices(page),
    (one) => one.noticeId,
    (page) =>
      queue.enqueueAll(
        'deliver-notice',
        page.map(({ noticeId }) => ({ payload: { noticeId }, options: noticeJob(noticeId) })),
      ),
  );
  const alerts = await inPages(
    (page) => boards.unsentAlerts(page),
    (one) => one.alertId,
    (page) =>
      queue.enqueueAll(
        'send-alert',
        page.map(({ caseId, alertId }) => ({ payload: { caseId, alertId }, options: alertJob(alertId) })),
      ),
  );
  const orders = await engineStore.pendingOrders();
  for (const { orderFactId } of orders) await queue.enqueue('follow-order', { orderFactId }, orderJob(orderFactId));
  return { notices, alerts, orders: orders.length };
}

async function inPages<Row>(
  ask: (page: OwedPage) => Promise<readonly Row[]>,
  idOf: (row: Row) => Uuid,
  give: (rows: readonly Row[]) => Promise<void>,
): Promise<number> {
  let count = 0;
  let after: Uuid | undefined;
  for (;;) {
    const rows = await ask({ limit: pageSize, ...(after ? { after } : {}) });
    if (rows.length > 0) await give(rows);
    count += rows.length;
    if (rows.length < pageSize) return count;
    after = idOf(rows.at(-1)!);
  }
}
