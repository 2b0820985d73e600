import { AsyncLocalStorage } from 'node:async_hooks';
import type { Origin } from '#libs/kernel';

const storage = new AsyncLocalStorage<Origin>();

/** Runs `work` and whatever it starts under this origin; every log line then carries its correlation id. */
export const withCorrelation = <T>(origin: Origin, work: () => T): T => storage.run(origin, work);

export const correlationId = (): string | undefined => storage.getStore()?.correlationId;

/** What a log line says of where it comes from: the correlation id, and the trace where there is one. */
export function originFields(): { readonly correlationId?: string; readonly traceId?: string } {
  const origin = storage.getStore();
  if (origin === undefined) return {};
  const { correlationId: id, traceparent } = origin;
  return { correlationId: id, ...(traceparent === undefined ? {} : { traceId: traceparent.slice(3, 35) }) };
}
