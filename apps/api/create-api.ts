import 'reflect-metadata';
import type { NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { documentTypes, longestDocument } from '#libs/documents';
import { fieldFaultText, problemTexts } from '#libs/i18n';
import { edgeAdapterOptions, prepareHttpEdge, type HttpEdgeOptions } from '#libs/http-edge';
import { withCorrelation } from '#libs/platform';
import { ApiModule } from './api.module.js';
import { addDocumentParsers, addDoor, documentProblem } from './door.js';
import { openApiDocument } from './docs/openapi.js';
import { setOpenApiDocument } from './docs/docs.controller.js';
import type { ApiParts } from './parts.js';

export interface CreateApiOptions {
  readonly edge?: Omit<HttpEdgeOptions, 'within' | 'observe'>;
  /** Whose `X-Forwarded-For` is believed; nobody's by default. */
  readonly trustedProxies?: readonly string[];
  /**
   * Which routes this door guards; by default all there are. Whoever serves pages beside the API guards those himself.
   */
  readonly guards?: (url: string) => boolean;
  /** Nest's own logger, e.g. `nestLogger(logger)`; false keeps it silent. */
  readonly logger?: NestApplicationOptions['logger'];
}

/** The API as an application of its own, initialized and not yet listening. @throws when a route has no action. */
export async function createApi(parts: ApiParts, options: CreateApiOptions = {}): Promise<NestFastifyApplication> {
  const { logger, trustedProxies = [] } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    ApiModule.register(parts),
    new FastifyAdapter({
      ...edgeAdapterOptions,
      ...(trustedProxies.length > 0 ? { trustProxy: [...trustedProxies] } : {}),
    }),
    { abortOnError: false, bodyParser: false, ...(logger === undefined ? {} : { logger }) },
  );
  const guard = prepareApi(app, parts, options);
  await app.init();
  guard.check();
  await app.getHttpAdapter().getInstance().ready();
  return app;
}

/**
 * For whoever composes the API with others in one application: call after NestFactory.create and before init, and
 * `check` after init. @throws (from `check`) when a route would be served without a row in the policy table.
 */
export function prepareApi(
  app: NestFastifyApplication,
  parts: ApiParts,
  options: CreateApiOptions = {},
): { check(): void } {
  const instance = app.getHttpAdapter().getInstance();
  const { observeRequest } = parts;
  prepareHttpEdge(app, {
    texts: problemTexts,
    faultText: fieldFaultText,
    ...options.edge,
    translate: (error, request) => options.edge?.translate?.(error, request) ?? documentProblem(error, request),
    within: withCorrelation,
    ...(observeRequest ? { observe: observeRequest } : {}),
  });
  const door = addDoor(instance, parts, options.guards);
  addDocumentParsers(instance, Object.keys(documentTypes), longestDocument + 1024);
  return {
    check: () => {
      const unguarded = door.unguarded();
      if (unguarded.length > 0)
        throw new Error(`routes without an action in the policy table: ${unguarded.join(', ')}`);
      setOpenApiDocument(app, () => openApiDocument(app));
    },
  };
}
