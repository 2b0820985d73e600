import { applyDecorators, Get, HttpCode, Post, Put } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import {
  ApiBody,
  ApiConsumes,
  ApiExtraModels,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { fieldsOf, type Shape } from './body/field-table.js';
import type { Action } from './access.js';

/** What a route says of itself: who may ask (by the policy table), what it takes and what it answers. */
export interface RouteSpec {
  /** Its row in the policy table. A route without one keeps the program from starting. */
  readonly action: Action;
  readonly summary: string;
  readonly description?: string;
  /** Name of the answer's schema in `answers/schemas.ts`; without one the answer has no body. */
  readonly answer?: string;
  readonly status?: number;
  /** What it may answer instead when it was asked to change nothing, with 200. */
  readonly dryRunAnswer?: string;
  readonly body?: Shape | readonly Shape[];
  /** For bodies that are no JSON: their media types. */
  readonly rawBody?: readonly string[];
  readonly query?: Shape;
  readonly params?: { readonly [name: string]: string };
  /** Problems beyond those every route may answer with. */
  readonly problems?: readonly number[];
  /** Whether the answer carries the ETag of a filing, or If-Match is understood. */
  readonly etag?: 'answered' | 'matched';
  /** The media type of an answer that is no JSON. */
  readonly answerType?: string;
  readonly tag: string;
}

/** What the door (`door.ts`) reads of a route: it stands with the route itself, so that none is served without. */
export interface RouteDoor {
  readonly action?: Action;
  /** Media types of bodies other than JSON. */
  readonly takes?: readonly string[];
  /** It knows no query: what stands in one is a mistake, and is not passed over. */
  readonly queryless?: true;
  /** Nothing is asked of who asks: only for whether the program lives. */
  readonly open?: true;
  /** A browser may give the key as the password of Basic authentication. */
  readonly basic?: true;
  /** The metrics' own token opens it too. */
  readonly scraped?: true;
}

const doorOf = ({ action, rawBody, query }: RouteSpec): RouteDoor => ({
  action,
  ...(rawBody ? { takes: rawBody } : {}),
  ...(query ? {} : { queryless: true }),
});

/** Answers every route of a kind may give. The words are those of `problemWords`. */
const commonProblems = [400, 401, 403, 404, 503];
const commandProblems = [409, 412, 413, 415, 422];

export const problemWords: { readonly [status: number]: string } = {
  400: 'The request has faults; `errors` names the fields.',
  401: 'No valid API key came with the request.',
  403: 'The role of this key may not do it.',
  404: 'There is no such thing, or not for this caller.',
  405: 'The path knows other methods; see `Allow`.',
  409: 'It does not fit what is recorded, or this Idempotency-Key is in work.',
  412: 'The filing has been changed since it was read (If-Match).',
  413: 'The body is too long.',
  415: 'The body is not of a type that is accepted here.',
  422: 'Well-formed, but not acceptable; or the Idempotency-Key was used for another request.',
  503: 'Not now; see `Retry-After`.',
};

/** A route that changes something: POST (or PUT), with an Idempotency-Key, answering with a position. */
export const Command = (path: string, spec: RouteSpec & { readonly method?: 'put' }): MethodDecorator =>
  applyDecorators(
    spec.method === 'put' ? Put(path) : Post(path),
    HttpCode(spec.status ?? 200),
    RouteConfig(doorOf(spec)),
    ...described(spec, [...commonProblems, ...commandProblems, ...(spec.problems ?? [])]),
    ApiHeader({
      name: 'Idempotency-Key',
      required: true,
      description: 'New for every new request, the same when one is repeated: a repeat gets the first answer.',
      schema: { type: 'string', minLength: 8, maxLength: 255, pattern: '^[!-~]{8,255}$' },
      example: '3f1a5d0e-8d8e-4c39-9f0c-5a9a4e6f8a11',
    }),
    ...(spec.etag === 'matched'
      ? [
          ApiHeader({
            name: 'If-Match',
            required: false,
            description: 'The ETag of the filing as it was read; a filing changed since then is left alone (412).',
            schema: { type: 'string' },
          }),
        ]
      : []),
  );

/** A route that only reads. */
export const Question = (path: string, spec: RouteSpec): MethodDecorator =>
  applyDecorators(
    Get(path),
    RouteConfig(doorOf(spec)),
    ...described(spec, [...commonProblems, ...(spec.problems ?? [])]),
    ApiHeader({
      name: 'Qadaga-Position',
      required: false,
      description: 'As a command answered it: the answer waits until it shows that command, at most 2 seconds.',
      schema: { type: 'string' },
    }),
  );

function described(spec: RouteSpec, problems: readonly number[]): (MethodDecorator & PropertyDecorator)[] {
  const { answer, body, rawBody, query, params = {}, status = 200, answerType = 'application/json' } = spec;
  const bodies = body === undefined ? [] : Array.isArray(body) ? (body as readonly Shape[]) : [body as Shape];
  const decorators: unknown[] = [
    ApiOperation({
      summary: spec.summary,
      ...(spec.description ? { description: spec.description } : {}),
      tags: [spec.tag],
    }),
    ApiResponse({
      status,
      description: spec.summary,
      headers:
        spec.etag === undefined
          ? {}
          : { ETag: { schema: { type: 'string' }, description: 'The version of the filing.' } },
      ...(answer === undefined
        ? answerType === 'application/json'
          ? {}
          : { content: { [answerType]: { schema: { type: 'string', format: 'binary' } } } }
        : { content: { [answerType]: { schema: { $ref: `#/components/schemas/${answer}` } } } }),
    }),
    ...(spec.dryRunAnswer === undefined
      ? []
      : [
          ApiResponse({
            status: 200,
            description: 'What would come of it; nothing was written.',
            content: { 'application/json': { schema: { $ref: `#/components/schemas/${spec.dryRunAnswer}` } } },
          }),
        ]),
    ...[...new Set(problems)].sort().map((code) =>
      ApiResponse({
        status: code,
        description: problemWords[code] ?? '',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      }),
    ),
    ...Object.entries(params).map(([name, description]) =>
      ApiParam({ name, description, schema: { type: 'string' }, required: true }),
    ),
  ];
  if (bodies.length === 1)
    decorators.push(ApiExtraModels(bodies[0]!), ApiBody({ schema: { $ref: getSchemaPath(bodies[0]!) } }));
  if (bodies.length > 1)
    decorators.push(
      ApiExtraModels(...bodies),
      ApiBody({ schema: { anyOf: bodies.map((one) => ({ $ref: getSchemaPath(one) })) } }),
    );
  if (rawBody)
    decorators.push(
      ApiConsumes(...rawBody),
      ApiBody({
        description: 'The document itself.',
        schema: { type: 'string', format: 'binary' },
      }),
    );
  if (query) {
    decorators.push(ApiExtraModels(query));
    for (const name of fieldsOf(query).keys()) decorators.push(queryParameter(query, name));
  }
  return decorators as (MethodDecorator & PropertyDecorator)[];
}

/** Swagger keeps a property's schema under this key; a query's parameters are read from there. */
const modelProperty = 'swagger/apiModelProperties';

function queryParameter(query: Shape, name: string): unknown {
  const options = Reflect.getMetadata(modelProperty, query.prototype as object, name) as {
    readonly [keyword: string]: unknown;
  };
  const { required, description, example, isArray: _, ...schema } = options;
  return ApiQuery({
    name,
    required: required === true,
    ...(description ? { description: description as string } : {}),
    ...(example === undefined ? {} : { example }),
    schema: schema as { type: 'string' },
  });
}
