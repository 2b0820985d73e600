import type { FastifyInstance } from 'fastify';
import { drawUuid, type ObserveRequest, type Origin } from '#libs/kernel';

/** What of the framework's request is looked at. */
interface Asked {
  readonly raw: object;
  readonly headers: { readonly [name: string]: unknown };
}

const origins = new WeakMap<object, Origin>();

/** A token a log line can carry: nothing that could break out of it, and of bounded length. */
const token = /^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/;
/** W3C Trace Context, version 00; ids of nothing but zeros are none. */
const traceparentShape = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** An account or a telephone number is nobody's token; a correlation id stands in facts and logs for ever. */
const personal = /KZ\d{5}[A-Z0-9]{13}|^\d+$/i;

/**
 * Where a request comes from, the same for the whole of it: the sender's X-Correlation-Id if it is a sane token, else a
 * fresh one, and the sender's traceparent (or that of the span the request has here).
 */
export function originOf(request: Asked): Origin {
  let origin = origins.get(request.raw);
  if (origin === undefined) {
    const { 'x-correlation-id': given, traceparent } = request.headers;
    origin = {
      correlationId: typeof given === 'string' && token.test(given) && !personal.test(given) ? given : drawUuid(),
      ...(typeof traceparent === 'string' && traceparentShape.test(traceparent) ? { traceparent } : {}),
    };
    origins.set(request.raw, origin);
  }
  return origin;
}

export const correlationIdOf = (request: Asked): string => originOf(request).correlationId;

export type Within = (origin: Origin, next: () => void) => void;

/** `within(origin, next)` runs the rest of the request, e.g. under an AsyncLocalStorage. */
export function addCorrelation(instance: FastifyInstance, within: Within, observe?: ObserveRequest): void {
  if (observe) addObserver(instance, observe);
  instance.addHook('onRequest', (request, reply, done) => {
    const origin = originOf(request);
    reply.header('X-Correlation-Id', origin.correlationId);
    within(origin, done);
  });
  // Reading a body continues from the socket's context, so the request's has to be entered again behind it.
  instance.addHook('preValidation', (request, _reply, done) => within(originOf(request), done));
}

function addObserver(instance: FastifyInstance, observe: ObserveRequest): void {
  const watched = new WeakMap<object, ReturnType<ObserveRequest>>();
  instance.addHook('onRequest', (request, _reply, done) => {
    const origin = originOf(request);
    const one = observe({ method: request.method, origin });
    watched.set(request.raw, one);
    if (one.traceparent !== undefined) origins.set(request.raw, { ...origin, traceparent: one.traceparent });
    done();
  });
  instance.addHook('onResponse', (request, reply, done) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    watched.get(request.raw)?.end({ route, status: reply.statusCode });
    done();
  });
}
