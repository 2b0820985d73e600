import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Controller, Get, Param, StreamableFile } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeController, type OpenAPIObject } from '@nestjs/swagger';
import type { INestApplication } from '@nestjs/common';
import { projectRoot } from '#libs/platform';
import { Ask, Exchange } from '../exchange.js';
import { notFound } from '../faults.js';
import type { RouteDoor } from '../routing.js';

const door: RouteDoor = { action: 'read-rules', basic: true };

/** The interface described, for programs and for people. Any valid key opens it, in a browser as a password. */
@ApiExcludeController()
@Controller('api')
export class DocsController {
  private make: () => OpenAPIObject;
  private document: Buffer | undefined;
  private readonly files = new Map<string, Buffer>();

  /** `make` is asked when somebody wants to read it: a start need not wait for it. */
  describe(make: () => OpenAPIObject): void {
    this.make = make;
  }

  @RouteConfig(door)
  @Get('openapi.json')
  openApi(@Ask() exchange: Exchange) {
    exchange.answerHeader('cache-control', 'no-cache');
    this.document ??= Buffer.from(JSON.stringify(this.make()));
    return new StreamableFile(this.document, { type: 'application/json; charset=utf-8' });
  }

  @RouteConfig(door)
  @Get('docs')
  page(@Ask() exchange: Exchange) {
    exchange.answerHeader('content-security-policy', pagePolicy);
    return new StreamableFile(Buffer.from(page), { type: 'text/html; charset=utf-8' });
  }

  @RouteConfig(door)
  @Get('docs/:file')
  file(@Ask() exchange: Exchange, @Param('file') file: string) {
    const type = Object.hasOwn(servedFiles, file) ? servedFiles[file] : undefined;
    if (type === undefined) throw notFound('page');
    exchange.answerHeader('cache-control', 'private, max-age=3600');
    return new StreamableFile(file === 'start.js' ? Buffer.from(start) : this.read(file), { type });
  }

  private read(file: string): Buffer {
    let bytes = this.files.get(file);
    if (!bytes) {
      bytes = readFileSync(path.join(swaggerUi(), file));
      this.files.set(file, bytes);
    }
    return bytes;
  }
}

export function setOpenApiDocument(app: INestApplication, make: () => OpenAPIObject): void {
  app.get(DocsController, { strict: false }).describe(make);
}

/** The reader comes with @nestjs/swagger, so it is looked for from there. */
function swaggerUi(): string {
  const fromHere = createRequire(path.join(projectRoot(), 'package.json'));
  const fromSwagger = createRequire(fromHere.resolve('@nestjs/swagger'));
  return path.dirname(fromSwagger.resolve('swagger-ui-dist/package.json'));
}

const servedFiles: { readonly [name: string]: string } = {
  'start.js': 'text/javascript; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'swagger-ui.css': 'text/css; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

// The reader sets style attributes of its own and shows icons as data: addresses; scripts come from here only.
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Qadaga API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<script src="docs/swagger-ui-bundle.js" defer></script>
<script src="docs/start.js" defer></script>
</head>
<body><div id="reader"></div><noscript><p>The description itself: <a href="openapi.json">openapi.json</a></p></noscript></body>
</html>
`;

const start = `window.addEventListener('DOMContentLoaded', () => {
  // Whole and without the key, which a browser refuses to fetch when it stands in the page's own address.
  const url = window.location.origin + '/api/openapi.json';
  window.SwaggerUIBundle({ url, dom_id: '#reader', deepLinking: true, persistAuthorization: false, validatorUrl: null });
});
`;
