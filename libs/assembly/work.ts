import type { Engine } from '#libs/engine';
import type { JobBoard } from '#libs/jobs';
import { createHealth, type Health, type Logger, type WorkerRole } from '#libs/platform';
import { refuseWrongClock } from './clock-skew.js';
import { serverEngine } from './engine.js';
import type { OpenedHouse } from './house.js';
import { stoodDown } from './leading.js';

/** What a process does of itself, beside answering requests. */
export interface Work {
  readonly engine: Engine;
  readonly roles: readonly WorkerRole[];
  readonly queueBoard: () => Promise<JobBoard>;
  start(): Promise<void>;
  /** What is begun is finished or handed back; within the ten seconds a process has to end. */
  stop(): Promise<void>;
}

/** What the roles say. Without any the engine still answers how things are, from whatever process works. */
export function prepareWork(opened: OpenedHouse, roles: readonly WorkerRole[], logger: Logger): Work {
  const { projector } = opened.readModels;
  const { engine, queueBoard, stop } = serverEngine(opened, (error, where) =>
    logger.error({ err: error, where }, 'the deadline engine met a fault'),
  );
  opened.telemetry?.watch(opened, engine);
  return {
    engine,
    roles,
    queueBoard,
    start: async () => {
      if (roles.includes('projections')) projector.start();
      if (roles.includes('policies')) engine.policies.start();
      if (roles.includes('jobs')) await engine.startJobs();
    },
    stop: async () => void (await Promise.all([stop(), projector.stop()])),
  };
}

/**
 * A process is ready when it can do its own part; another's absence is not its fault. One that both serves and projects
 * is not ready before somebody projects.
 */
export function healthOf(opened: OpenedHouse, { engine, roles }: Work): Health {
  const health = createHealth();
  health.register({ name: 'process', kind: 'liveness', check: () => undefined });
  health.register({
    name: 'database',
    kind: 'readiness',
    check: () => refuseWrongClock(opened),
  });
  health.register({
    name: 'release',
    kind: 'readiness',
    told: true,
    check: () => {
      const unknown = stoodDown(opened, engine).map(({ reason }) => reason.unknown);
      if (unknown.length > 0) throw new Error(`stands down before ${[...new Set(unknown)].join(', ')}`);
    },
  });
  if (roles.includes('projections'))
    health.register({
      name: 'projector',
      kind: 'readiness',
      check: async () => {
        if (!(await opened.readModels.lag()).projectorActive) throw new Error('no projector is active');
      },
    });
  if (roles.includes('policies') || roles.includes('jobs'))
    health.register({ name: 'engine', kind: 'readiness', check: async () => void (await engine.status()) });
  return health;
}
