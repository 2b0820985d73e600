import {
  createFileOutbox,
  createSmtpOutbox,
  createMemoryEngineStore,
  createPostgresEngineStore,
  createPostgresLeadership,
  Engine,
  policyLock,
  sweepLock,
  soleLeadership,
  type DeliveryConfig,
  type OnError,
} from '#libs/engine';
import {
  createInlineJobQueue,
  createPostgresJobQueue,
  createRedisJobQueue,
  type InlineJobQueue,
  type JobBoard,
} from '#libs/jobs';
import type { Config } from '#libs/platform';
import { dueBoards } from './boards.js';
import { refuseWrongClock } from './clock-skew.js';
import type { OpenedHouse } from './house.js';
import { leadingGate } from './leading.js';
import { patient } from './patience.js';

/** The deadline engine as a server runs it: BullMQ on the backend that the configuration names. */
export function serverEngine(
  opened: OpenedHouse,
  onError: OnError,
): { engine: Engine; queueBoard: () => Promise<JobBoard>; stop(): Promise<void> } {
  const { config, house, readModels, pool, databases, telemetry } = opened;
  const queueOptions = { onError: (error: Error) => onError(error, 'queue') };
  const queue =
    config.queue.kind === 'redis'
      ? createRedisJobQueue({ url: config.queue.url, ...queueOptions })
      : createPostgresJobQueue({ config: patient(databases.app), ...queueOptions });
  const engineStore = createPostgresEngineStore({ config: patient(databases.app), onError });
  const engine = new Engine({
    house,
    boards: dueBoards(readModels, pool),
    queue,
    engineStore,
    leadership: createPostgresLeadership({ config: databases.app, lock: policyLock, onError }),
    sweeping: createPostgresLeadership({ config: databases.app, lock: sweepLock, onError }),
    mayLead: leadingGate(pool, 'policies'),
    checkClock: () => refuseWrongClock(opened),
    outbox: config.smtp
      ? createSmtpOutbox({ url: config.smtp.url, from: config.mailFrom })
      : createFileOutbox({ dir: config.outbox, from: config.mailFrom }),
    delivery: deliveryOf(config),
    sweepSeconds: config.sweepSeconds,
    onError,
    ...(telemetry ? { observe: telemetry.observe } : {}),
  });
  const stop = async () => {
    await engine.stop();
    await engineStore.close();
  };
  return { engine, queueBoard: () => queue.board(), stop };
}

/** The engine of a replay: the same policies and processors, run in process when the simulated day asks for them. */
export function inlineEngine(opened: OpenedHouse, onError: OnError): { engine: Engine; queue: InlineJobQueue } {
  const { config, house, readModels, pool, telemetry } = opened;
  const queue = createInlineJobQueue(house.clock);
  const engine = new Engine({
    house,
    boards: dueBoards(readModels, pool),
    queue,
    engineStore: createMemoryEngineStore(),
    leadership: soleLeadership,
    sweeping: soleLeadership,
    outbox: createFileOutbox({ dir: config.outbox, from: config.mailFrom }),
    delivery: { channel: 'inbox' },
    queuePatienceMs: Infinity,
    policyConcurrency: 64,
    onError,
    ...(telemetry ? { observe: telemetry.observe } : {}),
  });
  return { engine, queue };
}

const deliveryOf = ({ energyBody }: Config): DeliveryConfig =>
  energyBody === undefined
    ? { channel: 'inbox' }
    : {
        channel: 'push',
        url: energyBody.url,
        ...(energyBody.token === undefined ? {} : { headers: { authorization: `Bearer ${energyBody.token}` } }),
      };
