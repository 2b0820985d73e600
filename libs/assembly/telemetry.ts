import type { Engine } from '#libs/engine';
import type { Config, Logger, Page } from '#libs/platform';
import {
  createMetrics,
  createTelemetry,
  isScrapeToken,
  startTracing,
  type Metrics,
  type MetricsOptions,
  type Telemetry,
} from '#libs/telemetry';
import { gaugeGroups } from './gauges.js';
import type { OpenedHouse } from './house.js';

/** What watches the work of one process. */
export interface ProcessTelemetry extends Telemetry {
  readonly metrics: Metrics;
  /** From now on the metrics say how this house is. */
  watch(opened: OpenedHouse, engine: Engine): void;
  /** Sends the spans that are still held. */
  stop(): Promise<void>;
}

/** Metrics always; traces where the environment says where to send them, and at no cost where it does not. */
export async function openTelemetry(
  config: Config,
  program: string,
  logger: Logger,
  options: MetricsOptions = {},
): Promise<ProcessTelemetry> {
  const metrics = createMetrics(options);
  const tracing = config.tracing
    ? await startTracing({ program, onError: (message) => logger.warn({ message }, 'traces cannot be sent') })
    : undefined;
  return {
    ...createTelemetry({ metrics, tracing }),
    metrics,
    watch: (opened, engine) => metrics.add(gaugeGroups(opened, engine)),
    stop: async () => tracing?.stop(),
  };
}

/** The metrics for a process that knows no accounts: the token opens them, and without one they are not there. */
export const metricsPage = (
  { metrics }: ProcessTelemetry,
  token: string | undefined,
): { readonly [path: string]: Page } =>
  token === undefined
    ? {}
    : {
        '/metrics': async (authorization) =>
          isScrapeToken(/^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1], token)
            ? { type: metrics.contentType, text: await metrics.text() }
            : undefined,
      };
