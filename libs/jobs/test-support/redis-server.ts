import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Redis } from 'ioredis';

export function findRedisServer(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A Redis of the test's own that keeps nothing. @param options.port where another one was before, for a restart */
export async function startRedisServer(options: { readonly port?: number } = {}): Promise<{
  readonly url: string;
  stop(): Promise<void>;
  /** Without warning. */
  kill(): Promise<void>;
}> {
  const { port = await freePort() } = options;
  const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-redis-'));
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', dir];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('redis-server ended at once')));
    child.stdout.on('data', (text) => String(text).includes('Ready to accept connections') && resolve());
  });
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    rmSync(dir, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') };
}

/**
 * Redis gets less memory than it is given to hold, and pushes out what was not used for longest, until `isEnough`. What
 * came for that alone is gone afterwards, and so is the limit, but not that it once pushed out keys.
 */
export async function makeRoomLess(client: Redis, isEnough: () => Promise<boolean> = async () => true): Promise<void> {
  const evicted = async () => Number(/evicted_keys:(\d+)/.exec(await client.info('stats'))![1]);
  const used = Number(/used_memory:(\d+)/.exec(await client.info('memory'))![1]);
  const before = await evicted();
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await client.config('SET', 'maxmemory', String(used + 200_000));
  let pushed = 0;
  while ((await evicted()) === before || !(await isEnough())) await client.set(`junk-${pushed++}`, 'x'.repeat(10_000));
  await client.config('SET', 'maxmemory', '0');
  await client.config('SET', 'maxmemory-policy', 'noeviction');
  for (let n = 0; n < pushed; n++) await client.del(`junk-${n}`);
}
