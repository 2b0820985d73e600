import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Nest hands the context as the last string, and for errors a stack before it. */
function partsOf(message: unknown, rest: readonly unknown[]) {
  const last = rest.at(-1);
  const context = typeof last === 'string' && !last.includes('\n') ? last : undefined;
  const stack = rest.find((part): part is string => typeof part === 'string' && part.includes('\n'));
  const others = rest.filter((part) => part !== context && part !== stack);
  return {
    fields: {
      ...(context === undefined ? {} : { context }),
      ...(stack === undefined ? {} : { stack }),
      ...(others.length === 0 ? {} : { details: others }),
      ...(message instanceof Error ? { err: message } : {}),
      ...(typeof message === 'object' && message !== null && !(message instanceof Error) ? { data: message } : {}),
    },
    text: message instanceof Error ? message.message : typeof message === 'object' ? undefined : String(message),
  };
}

/** Nest lists every module and route at each start: a hundred lines before the one that says where it serves. */
const isInventory = (context: string | undefined) =>
  context === 'InstanceLoader' || context === 'RoutesResolver' || context === 'RouterExplorer';

/** Our logger as Nest's: `app.useLogger(nestLogger(logger))`. */
export function nestLogger(logger: Logger): LoggerService {
  const at =
    (level: 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal') =>
    (message: unknown, ...rest: unknown[]) => {
      const { fields, text } = partsOf(message, rest);
      logger[level === 'info' && isInventory(fields.context) ? 'debug' : level](fields, text);
    };
  return {
    log: at('info'),
    error: at('error'),
    warn: at('warn'),
    debug: at('debug'),
    verbose: at('trace'),
    fatal: at('fatal'),
  };
}
