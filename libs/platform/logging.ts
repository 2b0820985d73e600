import { pino, type DestinationStream, type Logger } from 'pino';
import { originFields } from './correlation.js';
import { maskJsonLine } from './log-masking.js';
import type { LogLevel } from './config.js';

export type { Logger } from 'pino';

export interface LoggerOptions {
  readonly level?: LogLevel;
  /** Which program speaks, e.g. `api`. */
  readonly name?: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** JSON lines: `level` as a word, `time` in UTC, `correlationId` and `traceId` where they are known; masked by `maskJsonLine`. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = 'info', name, destination = pino.destination(1) } = options;
  return pino(
    {
      level,
      ...(name === undefined ? {} : { name }),
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: briefError },
      formatters: { level: (label) => ({ level: label }) },
      mixin: originFields,
      hooks: { streamWrite: maskJsonLine },
    },
    destination,
  );
}

/** What a person needs of an error. Drivers hang whole connections on theirs, which would make a line of ten pages. */
function briefError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { name, message, stack, cause } = error;
  const { code } = error as { code?: unknown };
  return {
    type: name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack,
    ...(cause === undefined ? {} : { cause: briefError(cause) }),
  };
}
