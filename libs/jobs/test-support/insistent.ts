import type { JobQueue } from '../port.js';

/** Queues again what it is told was not queued, as the keeper does: see `npm run told-failed`. */
export function insistent<Q extends JobQueue>(queue: Q): Q {
  const insisting = new Set<PropertyKey>(['enqueue', 'enqueueAll']);
  return new Proxy(queue, {
    get: (target, name) => {
      const own = Reflect.get(target, name) as unknown;
      if (typeof own !== 'function') return own;
      const call = own.bind(target) as (...given: unknown[]) => unknown;
      return insisting.has(name) ? (...given: unknown[]) => untilTaken(() => call(...given)) : call;
    },
  });
}

async function untilTaken(work: () => unknown): Promise<unknown> {
  for (let told = 0; ; told++)
    try {
      return await work();
    } catch (error) {
      if (told === 5 || !(error instanceof Error) || error.message !== 'Connection is closed.') throw error;
    }
}
