import 'reflect-metadata';
import { joinOrStartEmbedded } from '#libs/embedded';
import { ConfigError, createLogger, createShutdown, loadConfig } from '#libs/platform';

const started = performance.now();
try {
  const config = loadConfig();
  const logger = createLogger({ level: config.logLevel });
  const shutdown = createShutdown(logger);
  // PostgreSQL starts while the rest of the program is read.
  const embedded = config.database ? undefined : joinOrStartEmbedded(config.home);
  embedded?.catch(() => {});
  const { startServer } = await import('./server.js');
  const server = await startServer(config, { logger, ...(embedded ? { embedded } : {}) });
  shutdown.onShutdown('server', () => server.close());
  shutdown.listen();
  for (const note of server.notes) process.stderr.write(`${note}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stderr.write(
    `Qadaga serves on ${server.url} (ready in ${seconds} s); what it can do: ${server.url}/api/docs\n`,
  );
} catch (error) {
  const text =
    error instanceof ConfigError || !(error instanceof Error) ? String(error) : (error.stack ?? error.message);
  process.stderr.write(`Qadaga did not start: ${text}\n`);
  process.exitCode = 1;
  // A half-open house must not keep the process alive.
  setTimeout(() => process.exit(1), 2000).unref();
}
