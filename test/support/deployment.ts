import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DatabaseConfig } from '#libs/assembly';
import { freePort } from './free-port.js';
import { Program } from './program.js';

export interface DeploymentOptions {
  readonly home: string;
  /** With the application's user only: no process of a deployment is given the owner. */
  readonly database: DatabaseConfig;
  /** What `node` is given to run a program: its bundle, or its sources and who compiles them. */
  readonly programOf: (app: 'api' | 'worker') => readonly string[];
  readonly env?: { readonly [name: string]: string };
}

export interface Asked {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly [name: string]: unknown };
}

/** Processes of one house on one PostgreSQL. */
export class Deployment {
  readonly started: Program[] = [];

  constructor(private readonly options: DeploymentOptions) {}

  api(): Promise<Program> {
    return this.program('api', (port) => ({ PORT: port }));
  }

  /** @param roles all of them unless told */
  worker(roles = ''): Promise<Program> {
    return this.program('worker', (port) => ({ QADAGA_HEALTH_PORT: port, QADAGA_ROLES: roles }));
  }

  private async program(app: 'api' | 'worker', own: (port: string) => { [name: string]: string }): Promise<Program> {
    const { home, database, programOf, env } = this.options;
    const port = await freePort();
    const program = new Program(
      programOf(app),
      {
        QADAGA_HOME: home,
        QADAGA_DATABASE_URL: urlOf(database),
        QADAGA_LOG_LEVEL: 'warn',
        ...env,
        ...own(String(port)),
      },
      `http://127.0.0.1:${port}`,
    );
    this.started.push(program);
    return program;
  }

  /** By role; there when the first api has started. */
  get keys(): { readonly [role: string]: string } {
    return keysOf(this.options.home);
  }

  async ask(api: Program, role: string, route: string, body?: object, key = route): Promise<Asked> {
    const response = await fetch(`${api.url}/api/v1/${route}`, {
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      headers: {
        authorization: `Bearer ${this.keys[role]}`,
        ...(body ? { 'content-type': 'application/json', 'idempotency-key': `${key}-00000000` } : {}),
      },
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Asked['body'] };
  }

  async killAll(): Promise<void> {
    await Promise.all(this.started.map((one) => one.kill()));
  }
}

/** The keys a first start wrote down, by role. */
export function keysOf(home: string): { readonly [role: string]: string } {
  const lines = readFileSync(path.join(home, 'api-keys.txt'), 'utf8').split('\n');
  return Object.fromEntries(
    lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/\s+/).slice(0, 2) as [string, string]),
  );
}

export const urlOf = ({ user, password, host, port, database }: DatabaseConfig) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${database}`;

/** Programs as they are in the sources, compiled on the way: tests depend on no build. */
export const fromSources: DeploymentOptions['programOf'] = (app) => [
  path.resolve('libs/embedded/testing-run.mjs'),
  path.resolve(`apps/${app}/main.ts`),
];

/** Milliseconds until `look` answers true. @throws Error when it does not within `patienceMs` */
export async function until(what: string, patienceMs: number, look: () => Promise<boolean> | boolean): Promise<number> {
  const began = performance.now();
  while (!(await look())) {
    if (performance.now() - began > patienceMs) throw new Error(`${what} did not come within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - began;
}
