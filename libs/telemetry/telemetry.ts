import { RejectedError, type Activity, type Observe, type ObserveRequest } from '#libs/kernel';
import { correlationId, withCorrelation } from '#libs/platform';
import type { Metrics, Outcome } from './metrics.js';
import type { Span, Tracing } from './tracing.js';

export interface Telemetry {
  readonly observe: Observe;
  readonly observeRequest: ObserveRequest;
}

/** Work goes on under the correlation of what it goes back to, is timed, and is traced where somebody traces. */
export function createTelemetry({
  metrics,
  tracing,
}: {
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
}): Telemetry {
  return {
    observe: async (activity, work) => {
      const span = tracing?.begin(activity);
      const started = performance.now();
      let outcome: Outcome = 'done';
      try {
        return await under(activity, span, () => work(span?.traceparent));
      } catch (error) {
        outcome = error instanceof RejectedError ? 'refused' : 'failed';
        span?.failed(error);
        throw error;
      } finally {
        metrics.activity(activity, outcome, (performance.now() - started) / 1000);
        span?.end();
      }
    },
    observeRequest: ({ method, origin }) => {
      const span = tracing?.beginRequest(method, origin);
      const started = performance.now();
      return {
        ...(span ? { traceparent: span.traceparent } : {}),
        end: ({ route, status }) => {
          metrics.request(method, route, status, (performance.now() - started) / 1000);
          span?.answered(route, status);
          span?.end();
        },
      };
    },
  };
}

/** Under the origin's correlation, unless the work around stands under it already or the origins are several. */
function under<T>({ origins }: Activity, span: Span | undefined, work: () => Promise<T>): Promise<T> {
  const first = origins[0]?.meta;
  if (first === undefined || (span === undefined && first.correlationId === correlationId())) return work();
  if (origins.some(({ meta }) => meta.correlationId !== first.correlationId)) return work();
  const traceparent = span?.traceparent ?? first.traceparent;
  const origin = { correlationId: first.correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
  return withCorrelation(origin, work);
}
