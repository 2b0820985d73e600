import type { Uuid } from '#libs/kernel';
import type { JobQueue } from '#libs/jobs';
import type { DueBoards, EngineStore, OwedPage } from './ports.js';
import { queueOwed } from './queue-owed.js';

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
export async function requeueOwed(
  boards: DueBoards,
  engineStore: EngineStore,
  queue: JobQueue,
  noticesPerJob: number,
): Promise<Requeued> {
  const notices = await inPages(
    (page) => boards.unsentNotices(page),
    (one) => one.noticeId,
    (page) =>
      queueOwed(
        queue,
        page.map(({ noticeId }) => ({ owed: 'notice', noticeId })),
        noticesPerJob,
      ),
  );
  const alerts = await inPages(
    (page) => boards.unsentAlerts(page),
    (one) => one.alertId,
    (page) =>
      queueOwed(
        queue,
        page.map((alert) => ({ owed: 'alert', ...alert })),
        noticesPerJob,
      ),
  );
  const orders = await engineStore.pendingOrders();
  await queueOwed(
    queue,
    orders.map(({ orderFactId }) => ({ owed: 'order', orderFactId })),
    noticesPerJob,
  );
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
