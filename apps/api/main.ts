import 'reflect-metadata';
import { openHouse, openTelemetry, prepareWork } from '#libs/assembly';
import { runProgram } from '#libs/platform';
import { serveApi } from './serve.js';

/** HTTP alone: what is written here is projected, performed and delivered by worker processes. */
await runProgram('api', async (config, logger) => {
  const telemetry = await openTelemetry(config, 'qadaga-api', logger);
  const opened = await openHouse(config, { projector: false, onLog: (line) => logger.info(line), telemetry });
  const work = prepareWork(opened, [], logger);
  const closeHouse = async () => {
    await work.stop();
    await opened.close();
  };
  try {
    const served = await serveApi(opened, work, logger);
    const close = async () => {
      await served.close();
      await closeHouse();
    };
    return { ...served, close };
  } catch (error) {
    await closeHouse().catch(() => {});
    throw error;
  }
});
