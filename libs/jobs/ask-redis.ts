import { Redis } from 'ioredis';

export interface RedisAnswer {
  readonly version: string;
  /** Must be `noeviction`: a queue whose keys are pushed out of memory loses jobs. */
  readonly eviction: string;
  readonly keepsLog: boolean;
}

/** What a Redis says of itself, on a connection of its own. @throws Error when it cannot be reached at once */
export async function askRedis(url: string): Promise<RedisAnswer> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  // What became of the connection is told here; the call itself only says that it is closed.
  let lost: Error | undefined;
  client.on('error', (error) => (lost = error));
  try {
    await client.connect();
    const info = await client.info();
    const of = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown';
    return { version: of('redis_version'), eviction: of('maxmemory_policy'), keepsLog: of('aof_enabled') === '1' };
  } catch (error) {
    throw lost ?? error;
  } finally {
    client.disconnect();
  }
}
