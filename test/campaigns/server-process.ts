import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { compiled } from './campaign.js';

/** The server as `npm start` runs it, in a process that may be killed, over one home. */
export class ServerProcess {
  private child: ChildProcess | undefined;
  private said = '';

  constructor(
    readonly home: string,
    readonly port: number,
  ) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The last words of the process, for a finding. */
  get words(): string {
    return this.said.slice(-1500);
  }

  /** @returns milliseconds until it was ready. @throws Error when it is not ready within a minute. */
  async start(): Promise<number> {
    const began = performance.now();
    this.said = '';
    const env = { ...process.env, QADAGA_HOME: this.home, PORT: String(this.port), QADAGA_LOG_LEVEL: 'error' };
    const child = spawn(process.execPath, [compiled('programs', 'standalone.js')], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.said = (this.said + text).slice(-20_000)));
    await this.untilReady(60_000);
    return performance.now() - began;
  }

  async untilReady(patienceMs: number): Promise<void> {
    const until = Date.now() + patienceMs;
    while (Date.now() < until) {
      if (this.child?.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`the server ended by itself (${this.child?.exitCode}): ${this.words}`);
      try {
        const { status } = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) });
        if (status === 200) return;
      } catch {
        // Not yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the server was not ready within ${patienceMs} ms: ${this.words}`);
  }

  /** Without warning. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** @returns the exit code, null when it did not end by itself in time. */
  async stop(): Promise<number | null> {
    const patience = setTimeout(() => this.child?.kill('SIGKILL'), 60_000);
    await this.end('SIGTERM');
    clearTimeout(patience);
    return this.child?.exitCode ?? null;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** The postmaster of this home's PostgreSQL: killed, or asked to shut down at once as for a restart. */
  async endPostgres(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const file = JSON.parse(readFileSync(path.join(this.home, 'connection.json'), 'utf8')) as {
      port: number;
      credentials: { superuser: { user: string; password: string } };
    };
    const superuser = file.credentials.superuser;
    const client = new pg.Client({
      host: '127.0.0.1',
      port: file.port,
      database: 'postgres',
      user: superuser.user,
      password: superuser.password,
    });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    await client.end();
    const pid = Number(readFileSync(path.join(rows[0]!.data_directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    if (!(pid > 1)) throw new Error('no postmaster');
    process.kill(pid, signal);
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

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
