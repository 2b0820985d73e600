import { causeOf, isRejection, tracedBy, type Cause, type Uuid } from '#libs/kernel';
import { authorityStream } from '#libs/domain';
import { kindsReachedBy } from '#libs/domain';
import type { House } from '#libs/application';
import type { RecordedFact } from '#libs/event-store';
import { HopelessJobError, type Process } from '#libs/jobs';
import { assessCase } from './assess-case.js';
import { forEachLimited } from './concurrency.js';
import type { DueBoards, EngineStore } from './ports.js';
import type { WatchJob } from './watch-job.js';

const pageSize = 200;

/** The job that carries an order of the authority into every case it can reach. Broken off, it goes on where it was. */
export function followOrder(
  house: House,
  boards: DueBoards,
  engineStore: EngineStore,
  watch: WatchJob,
): Process<'follow-order'> {
  return async ({ orderFactId }, { signal }) => {
    const order = (await house.writePath.store.readStream(authorityStream)).find((fact) => fact.id === orderFactId);
    if (!order) throw new HopelessJobError('there is no such order');
    await watch('follow-order', order.meta, (traceparent) =>
      carryOut(house, boards, engineStore, order, tracedBy(causeOf(order), traceparent), signal),
    );
  };
}

async function carryOut(
  house: House,
  boards: DueBoards,
  engineStore: EngineStore,
  order: RecordedFact,
  cause: Cause,
  signal: AbortSignal,
): Promise<void> {
  const orderFactId = order.id;
  const pending = (await engineStore.pendingOrders()).find((one) => one.orderFactId === orderFactId);
  if (!pending) return;
  await house.lawBook.refresh();
  // The directory is a read model: it must know of all duties that were there when the order was given.
  await boards.waitFor(order.position);
  const kinds = kindsReachedBy(order);
  for (let after: Uuid | undefined = pending.after; ;) {
    signal.throwIfAborted();
    const page = await house.directory.casesWithObligations({
      ...(kinds ? { kinds } : {}),
      limit: pageSize,
      ...(after ? { after } : {}),
    });
    await forEachLimited(page, 16, async (caseId) => {
      const done = await assessCase(house, caseId, 'policy', { cause });
      if (isRejection(done)) throw new Error(`${done.code}: ${done.message}`);
    });
    if (page.length < pageSize) break;
    after = page.at(-1)!;
    await engineStore.progressOrder(orderFactId, after);
  }
  await engineStore.endOrder(orderFactId);
}
