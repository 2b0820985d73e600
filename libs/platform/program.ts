import { ConfigError, loadConfig, type Config } from './config.js';
import { createLogger, type Logger } from './logging.js';
import { createShutdown } from './shutdown.js';

export interface RunningProgram {
  /** What it does and where, in one sentence. */
  readonly words: string;
  /** More for whoever started it. */
  readonly notes?: readonly string[];
  close(): Promise<void>;
}

/**
 * The frame of every long-running program: configuration, logger, start, orderly end.
 * @param shutdownMs a process manager kills ten seconds after SIGTERM
 */
export async function runProgram(
  name: string,
  start: (config: Config, logger: Logger) => Promise<RunningProgram>,
  shutdownMs = 9_500,
): Promise<void> {
  const started = performance.now();
  try {
    const config = loadConfig();
    const logger = createLogger({ level: config.logLevel, name });
    const shutdown = createShutdown(logger, shutdownMs);
    // A signal that comes while it starts ends it too: nothing is under way yet.
    shutdown.listen();
    const program = await start(config, logger);
    shutdown.onShutdown(name, () => program.close());
    for (const note of program.notes ?? []) process.stderr.write(`${note}\n`);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    process.stderr.write(`${program.words} (ready in ${seconds} s)\n`);
  } catch (error) {
    process.stderr.write(`Qadaga did not start: ${wordsOf(error)}\n`);
    process.exitCode = 1;
    // A half-open house must not keep the process alive.
    setTimeout(() => process.exit(1), 2000).unref();
  }
}

const builtIn = new Set(['TypeError', 'RangeError', 'SyntaxError', 'ReferenceError', 'AggregateError']);

function wordsOf(error: unknown): string {
  if (error instanceof ConfigError || !(error instanceof Error)) return String(error);
  // Errors with names of ours speak to who runs the program; of others the place says more than the words.
  if (/^[A-Z]\w+Error$/.test(error.name) && !builtIn.has(error.name)) return error.message;
  const { code, port } = error as { readonly code?: unknown; readonly port?: unknown };
  if (code === 'EADDRINUSE') return `port ${String(port)} is taken by another program; PORT names another`;
  return error.stack ?? error.message;
}
