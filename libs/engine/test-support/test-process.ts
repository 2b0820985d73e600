import type { PoolConfig } from 'pg';
import { createPostgresEventStore } from '#libs/event-store';
import { createPostgresJobQueue } from '#libs/jobs';
import { eventually } from '../../jobs/test-support/arrivals.js';
import type { DeliveryConfig } from '../deliver-notice.js';
import { Engine, type LastSweep } from '../engine.js';
import { createFileOutbox, type Outbox } from '../outbox.js';
import { createPostgresLeadership, policyLock, sweepLock } from '../postgres-leadership.js';
import { createPostgresEngineStore } from '../postgres-store.js';
import { testHouse, type TestClock, type TestHouse } from './test-house.js';

export interface TestProcessOptions {
  readonly config: PoolConfig;
  readonly clock: TestClock;
  readonly outbox: string;
  /** Instead of files in `outbox`. */
  readonly mail?: Outbox;
  readonly delivery?: DeliveryConfig;
  readonly lockMs?: number;
  readonly keeperSeconds?: number;
  readonly checkClock?: () => Promise<void>;
}

export interface TestProcess extends TestHouse {
  readonly engine: Engine;
  readonly queue: ReturnType<typeof createPostgresJobQueue>;
  readonly engineStore: ReturnType<typeof createPostgresEngineStore>;
  readonly errors: string[];
  /** As soon as it is this process's turn. */
  sweep(): Promise<LastSweep>;
  stop(): Promise<void>;
}

/** All that one process of the house has, over one database; several of them share it as processes do. */
export function testProcess(options: TestProcessOptions): TestProcess {
  const { config, clock, lockMs, keeperSeconds, checkClock } = options;
  const errors: string[] = [];
  const onError = (error: unknown, where = 'jobs') => void errors.push(`${where}: ${String(error)}`);
  const store = createPostgresEventStore({ config, pollMs: 5 });
  const queue = createPostgresJobQueue({ config, onError, ...(lockMs ? { lockMs } : {}) });
  const engineStore = createPostgresEngineStore({ config, onError });
  const house = testHouse(store, clock);
  const engine = new Engine({
    house: house.house,
    boards: house.boards,
    queue,
    engineStore,
    leadership: createPostgresLeadership({ config, lock: policyLock, onError, pollMs: 20 }),
    sweeping: createPostgresLeadership({ config, lock: sweepLock, onError }),
    outbox: options.mail ?? createFileOutbox({ dir: options.outbox, from: 'qadaga@example.kz' }),
    delivery: options.delivery ?? { channel: 'inbox' },
    onError,
    ...(keeperSeconds ? { keeperSeconds } : {}),
    ...(checkClock ? { checkClock } : {}),
  });
  return {
    ...house,
    engine,
    queue,
    engineStore,
    errors,
    sweep: () => eventually(async () => (await engine.sweep()) ?? false),
    stop: async () => {
      await engine.stop();
      await engineStore.close();
      await store.close();
    },
  };
}
