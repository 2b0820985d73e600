import { serveApi } from '#apps/api';
import { openHouse, openTelemetry, prepareWork, type OpenedHouse } from '#libs/assembly';
import type { EmbeddedPostgres } from '#libs/embedded';
import type { Engine } from '#libs/engine';
import { createLogger, workerRoles, type Config, type Logger, type RunningProgram } from '#libs/platform';

export interface RunningServer extends RunningProgram {
  readonly url: string;
  readonly opened: OpenedHouse;
  readonly engine: Engine;
}

export interface ServerOptions {
  readonly logger?: Logger;
  /** The home's PostgreSQL when its start is under way already. */
  readonly embedded?: Promise<EmbeddedPostgres>;
}

/** All of Qadaga in one process: API, projections, policies and jobs, on the embedded PostgreSQL unless told otherwise. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const { logger = createLogger({ level: config.logLevel }), embedded } = options;
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const onLog = (line: string) => logger.info(line);
    const telemetry = await openTelemetry(config, 'qadaga', logger);
    const opened = await openHouse(config, { projector: false, onLog, telemetry, ...(embedded ? { embedded } : {}) });
    closers.push(() => opened.close());
    const work = prepareWork(opened, workerRoles, logger);
    const starting = work.start();
    // What is still starting when something else fails would go on after it was stopped.
    closers.push(() => starting.catch(() => {}).then(() => work.stop()));
    const serving = serveApi(opened, work, logger);
    closers.push(() => serving.then((served) => served.close()).catch(() => {}));
    const [served] = await Promise.all([serving, starting]);
    return { ...served, opened, engine: work.engine, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}
