import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { longestDocument } from '#libs/documents';
import { correlationIdOf, HttpProblem, TooManyRequestsError, UnauthenticatedError } from '#libs/http-edge';
import { TooManyAttemptsError, isAction, type Account } from '#libs/identity';
import { isScrapeToken } from '#libs/telemetry';
import { callerFor } from './access.js';
import { recognitions, type OnAccess } from './access-log.js';
import type { HttpRequest } from './exchange.js';
import { readOrRefuse } from './faults.js';
import type { ApiParts } from './parts.js';
import type { RouteDoor } from './routing.js';

type Instance = ReturnType<ReturnType<NestFastifyApplication['getHttpAdapter']>['getInstance']>;
type DoorRequest = HttpRequest & {
  readonly ip: string;
  readonly is404: boolean;
  readonly routeOptions: { readonly config: RouteDoor; readonly url?: string };
  /** Whom the key was recognized as, whether or not it may do what it asks. */
  account?: Account;
  /** The address as it was when the request came in: a connection that is gone has none. */
  source?: string;
};

class NoQuery {}

/**
 * Nobody gets past without a key whose role the policy table lets do what the route does; asked before a body is read.
 * Call before routes are made. The answer lists, when the application is up, the routes nobody guards.
 */
export function addDoor(
  instance: Instance,
  parts: ApiParts,
  guards: (url: string) => boolean = () => true,
): { unguarded(): readonly string[] } {
  const unguarded: string[] = [];
  instance.addHook('onRoute', ({ url, method, config }) => {
    const door = (config ?? {}) as RouteDoor;
    if (!guards(url)) return;
    if (door.open || (door.action !== undefined && isAction(door.action))) return;
    unguarded.push(`${String(method)} ${url}`);
  });

  const { onAccess = () => {} } = parts;
  const recognize = recognitions(onAccess);
  instance.addHook('onRequest', async (request) => {
    const asked = request as unknown as DoorRequest;
    const door = asked.routeOptions.config;
    asked.source = asked.ip;
    // Where there is no route there is nothing to guard.
    if (asked.is404 || door.open || !guards(asked.routeOptions.url ?? '')) return;
    if (door.scraped && isScrapeToken(keyOf(asked, door), parts.metrics?.token)) return;
    if (door.action === undefined) throw new Error('a route without an action was reached');
    const account = await recognized(asked, door, parts);
    asked.account = account;
    recognize(account, asked.source);
    asked.caller = callerFor(account, door.action);
    if (door.queryless) readOrRefuse(NoQuery, { ...(asked.query as object) });
  });

  instance.addHook('onResponse', (request, { statusCode }, done) => {
    if (statusCode >= 400 && statusCode < 500) onAccess(refusalOf(request as unknown as DoorRequest, statusCode));
    done();
  });

  instance.addHook('preValidation', (request, _reply, done) => {
    const asked = request as unknown as DoorRequest;
    if (!guards(asked.routeOptions.url ?? '')) return done();
    const problem = bodyProblem(asked);
    if (problem) return done(problem);
    // The body is complete: an electronic document is received now, before any queue.
    asked.arrivedAt = parts.house.clock.now();
    done();
  });

  return { unguarded: () => unguarded };
}

/** Also of what was asked for and is not there, or not for who asks: ids are tried out that way. */
function refusalOf(request: DoorRequest, status: number): Parameters<OnAccess>[0] {
  const { account, source = 'unknown', method, is404, routeOptions } = request;
  return {
    kind: 'refused',
    status,
    method,
    route: is404 ? 'none' : (routeOptions.url ?? 'none'),
    source,
    ...(account ? { keyId: account.keyId, role: account.role } : {}),
    correlationId: correlationIdOf(request),
  };
}

async function recognized(request: DoorRequest, door: RouteDoor, { identity }: ApiParts): Promise<Account> {
  const key = keyOf(request, door);
  if (key === undefined) throw unauthenticated(door);
  try {
    const account = await identity.authenticate(key, request.ip);
    if (account) return account;
  } catch (error) {
    if (error instanceof TooManyAttemptsError) throw new TooManyRequestsError(error.retryAfterSeconds);
    throw error;
  }
  throw unauthenticated(door);
}

/** `Authorization: Bearer <key>`, or `X-Api-Key: <key>`; on pages for browsers also as the password of Basic. */
function keyOf({ headers }: HttpRequest, door: RouteDoor): string | undefined {
  const { authorization } = headers;
  const own = headers['x-api-key'];
  if (typeof authorization === 'string') {
    const bearer = /^Bearer +(\S{1,200})$/i.exec(authorization);
    if (bearer) return bearer[1];
    const basic = door.basic ? /^Basic +([A-Za-z0-9+/=]{1,400})$/i.exec(authorization) : null;
    return basic
      ? Buffer.from(basic[1]!, 'base64')
          .toString('utf8')
          .replace(/^[^:]*:/, '')
      : undefined;
  }
  return typeof own === 'string' && own.length <= 200 ? own : undefined;
}

const unauthenticated = (door: RouteDoor): HttpProblem =>
  door.basic
    ? new HttpProblem(401, 'unauthenticated', undefined, [], {
        'WWW-Authenticate': 'Basic realm="qadaga: any name, the API key as password", charset="UTF-8"',
      })
    : new UnauthenticatedError();

/** A document is taken only where one is asked for, and nothing else there. */
function bodyProblem({ routeOptions, headers, method, body }: DoorRequest): HttpProblem | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  const { takes } = routeOptions.config;
  const type = mediaTypeOf(headers);
  const isDocument = Buffer.isBuffer(body);
  const fits = takes ? isDocument && takes.includes(type) : !isDocument;
  return fits ? undefined : new HttpProblem(415, 'unsupported-media-type');
}

const mediaTypeOf = ({ 'content-type': type }: HttpRequest['headers']): string =>
  typeof type === 'string' ? type.split(';')[0]!.trim().toLowerCase() : '';

/** What is told of a body that is too large or of another kind where a document is asked for: what would be taken. */
export function documentProblem(error: unknown, request: object): HttpProblem | undefined {
  const { routeOptions, headers } = request as DoorRequest;
  const { takes } = routeOptions.config;
  const { status, statusCode = status } = (error ?? {}) as { readonly status?: unknown; readonly statusCode?: unknown };
  if (!takes || (statusCode !== 413 && statusCode !== 415)) return undefined;
  const most = `${longestDocument / 1024 / 1024} MiB`;
  return statusCode === 413 && takes.includes(mediaTypeOf(headers))
    ? new HttpProblem(413, 'document-too-large', `A document of at most ${most} is taken here.`)
    : new HttpProblem(
        415,
        'document-type',
        `A document of at most ${most} is taken here, under its own Content-Type: ${takes.join(', ')}.`,
      );
}

/** Before its body is read: a document that no route here takes need not come in. */
export function addDocumentParsers(instance: Instance, types: readonly string[], bodyLimit: number): void {
  instance.addContentTypeParser([...types], { parseAs: 'buffer', bodyLimit }, (_request, body, done) =>
    done(null, body),
  );
  instance.addHook('preParsing', (request, _reply, _payload, done) => {
    const { takes } = (request as unknown as DoorRequest).routeOptions.config;
    if (types.includes(mediaTypeOf(request.headers)) && !takes) done(new HttpProblem(415, 'unsupported-media-type'));
    else done();
  });
}
