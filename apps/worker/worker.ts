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
    const health = healthOf(opened, work);
    if (config.roles.includes('jobs'))
      health.register({
        name: 'queue',
        kind: 'readiness',
        check: async () => {
          if ((await work.engine.status()).queues === undefined) throw new Error('the queue does not answer');
        },
      });
    // It answers about its health while it waits for the queue, too.
    const serving = await serveHealth({
      health,
      host: config.host,
      port: config.healthPort,
      pages: metricsPage(telemetry, config.metricsToken),
      onRefused: (refusal) => logger.warn({ status: 401, ...refusal }, 'a request was refused'),
    });
    // First of all it says that it is going.
    closers.push(() => serving.close());
    await work.start();
    return {
      words: `Qadaga works as ${work.roles.join(', ')}; its health: ${serving.url}/health/ready`,
      notes: opened.databases.notes,
      url: serving.url,
      work,
      close,
    };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}
