import path from 'node:path';
import { createApi } from '#apps/api';
import { asJson, clockSkewMs, examine, openHouse, serverEngine, type OpenedHouse } from '#libs/assembly';
import { fileDocuments } from '#libs/documents';
import type { EmbeddedPostgres } from '#libs/embedded';
import type { Engine } from '#libs/engine';
import { createFirstKeys, TooManyAttemptsError } from '#libs/identity';
import { systemClock } from '#libs/kernel';
import { createHealth, createLogger, nestLogger, type Config, type Health, type Logger } from '#libs/platform';
import { TooManyRequestsError } from '#libs/http-edge';

export interface RunningServer {
  readonly url: string;
  readonly opened: OpenedHouse;
  readonly engine: Engine;
  /** Said once to whoever started it. */
  readonly notes: readonly string[];
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly logger?: Logger;
  /** The home's PostgreSQL when its start is under way already. */
  readonly embedded?: Promise<EmbeddedPostgres>;
}

/** All of Qadaga in one process: API, projections, policies and jobs, on the embedded PostgreSQL unless told otherwise. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const { logger = createLogger({ level: config.logLevel }), embedded } = options;
  const opened = await openHouse(config, {
    projector: true,
    onLog: (line) => logger.info(line),
    ...(embedded ? { embedded } : {}),
  });
  const closers: (() => Promise<unknown>)[] = [() => opened.close()];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { engine, stop } = serverEngine(opened, (error, where) =>
      logger.error({ err: error, where }, 'the deadline engine met a fault'),
    );
    closers.push(stop);
    const creating = createApi(
      {
        house: opened.house,
        readModels: opened.readModels,
        identity: opened.identity,
        documents: fileDocuments(path.join(config.home, 'documents'), opened.sealer),
        health: healthOf(opened, engine),
        requestHash: opened.requestHash,
        // The configuration names paths of this machine: that is for the terminal, not for a client.
        doctor: async () =>
          asJson((await examine(opened, await engine.status())).filter(({ name }) => name !== 'configuration')),
      },
      {
        logger: nestLogger(logger),
        edge: {
          translate: (error) =>
            error instanceof TooManyAttemptsError ? new TooManyRequestsError(error.retryAfterSeconds) : undefined,
          onFailure: (error) => logger.error({ err: error }, 'a request failed'),
        },
      },
    );
    closers.push(() => creating.then((api) => api.close()).catch(() => {}));
    engine.policies.start();
    const [api, keys] = await Promise.all([
      creating,
      createFirstKeys(opened.databases.app, config.home),
      engine.startJobs(),
    ]);
    await api.listen(config.port, config.host);
    const notes = [...opened.databases.notes];
    if (keys.created) notes.push(`API keys, one per role, are in ${keys.file}`);
    return { url: await api.getUrl(), opened, engine, notes, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

function healthOf(opened: OpenedHouse, engine: Engine): Health {
  const health = createHealth();
  health.register({ name: 'process', kind: 'liveness', check: () => undefined });
  health.register({
    name: 'database',
    kind: 'readiness',
    check: async () => {
      const skew = await clockSkewMs(opened);
      // When a filing was received must not hang on a clock that is wrong.
      if (opened.clock === systemClock && Math.abs(skew) > 1000) throw new Error(`our clock is ${skew} ms off`);
    },
  });
  health.register({
    name: 'projector',
    kind: 'readiness',
    check: async () => {
      if (!(await opened.readModels.lag()).projectorActive) throw new Error('no projector is active');
    },
  });
  health.register({ name: 'engine', kind: 'readiness', check: async () => void (await engine.status()) });
  return health;
}
