import type { FastifyInstance, FastifyRequest } from 'fastify';
import { drawUuid } from '#libs/kernel';

const ids = new WeakMap<object, string>();

/** A token a log line can carry: nothing that could break out of it, and of bounded length. */
const token = /^[A-Za-z0-9][A-Za-z0-9._-]{7,127}$/;

/** An account or a telephone number is nobody's token; a correlation id stands in facts and logs for ever. */
const personal = /KZ\d{5}[A-Z0-9]{13}|^\d+$/i;

/** The sender's X-Correlation-Id if it is a sane token, else a fresh one; the same for the whole request. */
export function correlationIdOf(request: Pick<FastifyRequest, 'raw' | 'headers'>): string {
  let id = ids.get(request.raw);
  if (id === undefined) {
    const given = request.headers['x-correlation-id'];
    id = typeof given === 'string' && token.test(given) && !personal.test(given) ? given : drawUuid();
    ids.set(request.raw, id);
  }
  return id;
}

/** `within(id, next)` runs the rest of the request, e.g. under an AsyncLocalStorage. */
export function addCorrelation(instance: FastifyInstance, within: (id: string, next: () => void) => void): void {
  instance.addHook('onRequest', (request, reply, done) => {
    const id = correlationIdOf(request);
    reply.header('X-Correlation-Id', id);
    within(id, done);
  });
  // Reading a body continues from the socket's context, so the request's has to be entered again behind it.
  instance.addHook('preValidation', (request, _reply, done) => within(correlationIdOf(request), done));
}
