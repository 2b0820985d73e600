import type { Socket } from 'node:net';
import type { NestInterceptor } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { drawUuid, type ObserveRequest } from '#libs/kernel';
import { addBodyParsers, type BodyLimits } from './body-parsers.js';
import { addCorrelation, type Within } from './correlation.hook.js';
import { HttpProblem, OverloadedError } from './http-problem.js';
import { watchRoutes } from './known-routes.js';
import { ProblemFilter, type ProblemFilterOptions } from './problem.filter.js';
import { throwError, timeout } from 'rxjs';
import { problemOf } from './problem.js';
import { validationPipe } from './validation.js';

export interface HttpEdgeOptions extends BodyLimits, Omit<ProblemFilterOptions, 'routes'> {
  /** Runs the rest of a request under its origin. */
  readonly within?: Within;
  readonly observe?: ObserveRequest;
  /** Requests under way at once; one more is answered 503 at once. Default: no bound. */
  readonly maxInFlight?: number;
  /** A request that is not answered so long after it has come in is told that its fate is unknown, ms. Default 18 s. */
  readonly answerWithinMs?: number;
  /** Reached over TLS only, whatever the connection looks like here: browsers are told to keep it so. */
  readonly tls?: boolean;
}

/** Right for an API; a page that needs more sets its own Content-Security-Policy, which then stands. */
const securityHeaders = {
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};
const securityHeadersOverTls = {
  ...securityHeaders,
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
};

/** Whether a request came over TLS, Fastify knows of its own socket or from a proxy that is trusted. */
const headersFor = ({ protocol }: Pick<FastifyRequest, 'protocol'>, tls = false) =>
  tls || protocol === 'https' ? securityHeadersOverTls : securityHeaders;

/** For `new FastifyAdapter(edgeAdapterOptions)`: what can only be said before there is an application. */
export const edgeAdapterOptions = {
  routerOptions: { maxParamLength: 200 },
  requestTimeout: 30_000,
  /** Addresses that cannot be decoded or have a part that is too long never reach Nest. */
  frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply): void => {
    // No hook has run for them.
    reply.headers(headersFor(request));
    const status = 'statusCode' in error && error.statusCode === 414 ? 414 : 400;
    new ProblemFilter().answer(
      new HttpProblem(status, status === 414 ? 'uri-too-long' : 'bad-request'),
      request,
      reply,
    );
  },
  clientErrorHandler: (error: Error & { readonly code?: string }, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    // What Node could not read as HTTP: there is no request, so no address either.
    const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
    const code = status === 408 ? 'request-timeout' : 'bad-request';
    const body = JSON.stringify(problemOf(new HttpProblem(status, code), { instance: '/', correlationId: drawUuid() }));
    socket.end(
      `HTTP/1.1 ${status} Bad Request\r\nContent-Type: application/problem+json; charset=utf-8\r\n` +
        Object.entries(securityHeaders)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('') +
        `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  },
};

function addSecurityHeaders(instance: FastifyInstance, tls: boolean): void {
  instance.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersFor(request, tls));
    done();
  });
}

function addOverloadGuard(instance: FastifyInstance, max: number): void {
  let inFlight = 0;
  instance.addHook('onRequest', (_request, reply, done) => {
    if (inFlight >= max) return done(new OverloadedError());
    inFlight++;
    // `close` comes once for every response, also when the caller hangs up.
    reply.raw.once('close', () => inFlight--);
    done();
  });
}

/** Each server behind has a timeout of its own; a request may need several of them, one after the other. */
const answerWithin = (ms: number): NestInterceptor => ({
  intercept: (_context, next) =>
    next.handle().pipe(
      timeout({
        first: ms,
        with: () => throwError(() => new HttpProblem(503, 'unavailable', undefined, [], { 'Retry-After': '1' })),
      }),
    ),
});

/**
 * Makes the edge of an application: correlation ids, security headers, strict bodies, validation, problem documents.
 * Call after NestFactory.create and before anything is registered or listens.
 */
export function prepareHttpEdge(app: NestFastifyApplication, options: HttpEdgeOptions = {}): void {
  const instance = app.getHttpAdapter().getInstance();
  const { within = (_origin, next) => next(), observe, maxInFlight, tls = false, answerWithinMs = 18_000 } = options;
  addCorrelation(instance, within, observe);
  addSecurityHeaders(instance, tls);
  if (maxInFlight !== undefined) addOverloadGuard(instance, maxInFlight);
  addBodyParsers(app, options);
  app.useGlobalInterceptors(answerWithin(answerWithinMs));
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(new ProblemFilter({ ...options, routes: watchRoutes(instance) }));
}
