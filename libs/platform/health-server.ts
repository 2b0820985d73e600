import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { briefly, type Health, type HealthAnswer } from './health.js';

/** Text of a content type for who sent this Authorization header; undefined when it opens nothing. */
export type Page = (
  authorization: string | undefined,
) => Promise<{ readonly type: string; readonly text: string } | undefined>;

export interface HealthServerOptions {
  readonly health: Health;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** More to be read here, e.g. `/metrics`. */
  readonly pages?: { readonly [path: string]: Page };
  /** Told of who asked for a page and was not let in. */
  readonly onRefused?: (refusal: { readonly route: string; readonly source: string }) => void;
}

export interface HealthServer {
  readonly url: string;
  close(): Promise<void>;
}

const plain = 'text/plain; charset=utf-8';

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  });
  response.end(text);
}

/** `/health/live` and `/health/ready` for a process that serves nothing else: 200, or 503 when a check fails. */
export async function serveHealth(options: HealthServerOptions): Promise<HealthServer> {
  const { health, pages = {}, onRefused = () => {} } = options;
  const asked: { readonly [path: string]: () => Promise<HealthAnswer> } = {
    '/health/live': () => health.liveness(),
    '/health/ready': () => health.readiness(),
  };
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0]!;
    const respond = async () => {
      if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, plain, 'only GET\n');
      const check = Object.hasOwn(asked, path) ? asked[path] : undefined;
      const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
      if (check !== undefined) {
        const found = await check();
        return answer(
          response,
          found.ok ? 200 : 503,
          'application/json; charset=utf-8',
          JSON.stringify(briefly(found)),
        );
      }
      if (page === undefined) return answer(response, 404, plain, 'nothing here\n');
      const found = await page(request.headers.authorization);
      if (found === undefined) {
        onRefused({ route: path, source: request.socket.remoteAddress ?? 'unknown' });
        return answer(response, 401, plain, 'not for you\n');
      }
      return answer(response, 200, found.type, found.text);
    };
    respond().catch(() => {
      if (!response.headersSent) answer(response, 500, plain, 'failed\n');
      else response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
