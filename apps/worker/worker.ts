import { healthOf, metricsPage, openHouse, openTelemetry, prepareWork, type Work } from '#libs/assembly';
import { serveHealth, type Config, type Logger, type RunningProgram } from '#libs/platform';

export interface RunningWorker extends RunningProgram {
  readonly work: Work;
  /** Where it answers about its health. */
  readonly url: string;
}

/** The roles of the configuration in a process of their own; nothing is served but its health. */
export async function startWorker(config: Config, logger: Logger): Promise<RunningWorker> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const telemetry = await openTelemetry(config, 'qadaga-worker', logger);
    const opened = await openHouse(config, { projector: false, onLog: (line) => logger.info(line), telemetry });
    closers.push(() => opened.close());
    const work = prepareWork(opened, config.roles, logger);
    closers.push(() => work.stop());
    await work.start();
    const health = await serveHealth({
      health: healthOf(opened, work),
      host: config.host,
      port: config.healthPort,
      pages: metricsPage(telemetry, config.metricsToken),
    });
    // First of all it says that it is going.
    closers.push(() => health.close());
    return {
      words: `Qadaga works as ${work.roles.join(', ')}; its health: ${health.url}/health/ready`,
      notes: opened.databases.notes,
      url: health.url,
      work,
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}
