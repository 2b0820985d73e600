import 'reflect-metadata';
import { joinOrStartEmbedded } from '#libs/embedded';
import { runProgram } from '#libs/platform';

await runProgram(
  'qadaga',
  async (config, logger) => {
    // PostgreSQL starts while the rest of the program is read.
    const embedded = config.database ? undefined : joinOrStartEmbedded(config.home);
    embedded?.catch(() => {});
    const { startServer } = await import('./server.js');
    return startServer(config, { logger, ...(embedded ? { embedded } : {}) });
  },
  // The embedded PostgreSQL ends with this process and may need longer than a process of a deployment has.
  30_000,
);
