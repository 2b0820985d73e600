export {
  loadConfig,
  redacted,
  workerRoles,
  ConfigError,
  type Config,
  type ConfigFault,
  type LogLevel,
  type WorkerRole,
} from './config.js';
export { correlationId, withCorrelation } from './correlation.js';
export { briefly, createHealth, type BriefHealth, type Health, type HealthAnswer, type HealthCheck } from './health.js';
export { serveHealth, type Page, type HealthServer, type HealthServerOptions } from './health-server.js';
export { maskJsonLine } from './log-masking.js';
export { createLogger, type Logger, type LoggerOptions } from './logging.js';
export { nestLogger } from './nest-logger.js';
export { runProgram, type RunningProgram } from './program.js';
export { projectRoot } from './project-root.js';
export { createShutdown, type Shutdown } from './shutdown.js';
