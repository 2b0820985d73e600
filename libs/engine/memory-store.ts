import type { Instant, Uuid } from '#libs/kernel';
import type { Position } from '#libs/event-store';
import type { EngineStore, Leadership, Lease, ParkedFact, PendingOrder } from './ports.js';

/** For tests and replays: forgotten with the process. */
export function createMemoryEngineStore(): EngineStore {
  const checkpoints = new Map<string, Position>();
  const parked = new Map<Uuid, ParkedFact>();
  const orders = new Map<Uuid, PendingOrder | 'done'>();
  const reports = new Map<string, { readonly at: Instant; readonly body: unknown }>();
  return {
    checkpoint: async (name) => checkpoints.get(name),
    saveCheckpoint: async (name, position) => void checkpoints.set(name, position),
    parked: async () => [...parked.values()],
    park: async (fact) => void parked.set(fact.factId, fact),
    unpark: async (factId) => void parked.delete(factId),
    beginOrder: async (orderFactId) => {
      if (!orders.has(orderFactId)) orders.set(orderFactId, { orderFactId });
      return orders.get(orderFactId) !== 'done';
    },
    pendingOrders: async () => [...orders.values()].filter((order) => order !== 'done'),
    progressOrder: async (orderFactId, after) => void orders.set(orderFactId, { orderFactId, after }),
    endOrder: async (orderFactId) => void orders.set(orderFactId, 'done'),
    report: async <T>(name: string) => reports.get(name) as { at: Instant; body: T } | undefined,
    saveReport: async (name, at, body) => void reports.set(name, { at, body }),
    close: async () => {},
  };
}

const soleLease: Lease = { lost: new Promise<void>(() => {}), release: async () => {} };

/** For a process that is alone. */
export const soleLeadership: Leadership = {
  acquire: async (signal) => (signal.aborted ? undefined : soleLease),
  tryAcquire: async () => soleLease,
};
