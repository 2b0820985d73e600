import type { Uuid } from '#libs/kernel';
import type { JobFailure, JobQueue } from '#libs/jobs';
import type { DueBoards, EngineStore, OwedPage } from './ports.js';
import { queueOwed, type Owed } from './queue-owed.js';

export interface Requeued {
  readonly notices: number;
  readonly alerts: number;
  readonly orders: number;
}

const pageSize = 1000;

/**
 * Queues everything that is owed and may have no job: what the queue holds already it takes once. So a queue may lose all
 * it has, and nothing is forgotten. A job that was given up is begun again as long as what it is for is owed: its id is
 * held, so no other would come.
 */
export async function requeueOwed(
  boards: DueBoards,
  engineStore: EngineStore,
  queue: JobQueue,
  noticesPerJob: number,
): Promise<Requeued> {
  const givenUp = (await queue.failures()).filter(({ state }) => state === 'failed');
  const give = async (owed: readonly Owed[]): Promise<void> => {
    await queueOwed(queue, owed, noticesPerJob);
    const ids = new Set(owed.map(idOf));
    for (const job of givenUp) if (meantFor(job).some((id) => ids.has(id))) await queue.retry(job.name, job.jobId);
  };
  const notices = await inPages(async (page) => {
    const rows = await boards.unsentNotices(page);
    return rows.map(({ noticeId }) => ({ owed: 'notice', noticeId }));
  }, give);
  const alerts = await inPages(async (page) => {
    const rows = await boards.unsentAlerts(page);
    return rows.map((alert) => ({ owed: 'alert', ...alert }));
  }, give);
  const orders = await engineStore.pendingOrders();
  await give(orders.map(({ orderFactId }) => ({ owed: 'order', orderFactId })));
  return { notices, alerts, orders: orders.length };
}

function idOf(owed: Owed): Uuid {
  switch (owed.owed) {
    case 'notice':
      return owed.noticeId;
    case 'alert':
      return owed.alertId;
    case 'order':
      return owed.orderFactId;
  }
}

function meantFor({ payload }: JobFailure): readonly Uuid[] {
  if ('noticeIds' in payload) return payload.noticeIds;
  if ('alertId' in payload) return [payload.alertId];
  return 'orderFactId' in payload ? [payload.orderFactId] : [];
}

async function inPages(
  ask: (page: OwedPage) => Promise<readonly Owed[]>,
  give: (owed: readonly Owed[]) => Promise<void>,
): Promise<number> {
  let count = 0;
  let after: Uuid | undefined;
  for (;;) {
    const owed = await ask({ limit: pageSize, ...(after ? { after } : {}) });
    if (owed.length > 0) await give(owed);
    count += owed.length;
    if (owed.length < pageSize) return count;
    after = idOf(owed.at(-1)!);
  }
}
