import { Redis } from 'ioredis';

export interface RedisAnswer {
  readonly version: string;
  /** Must be `noeviction`: a queue whose keys are pushed out of memory loses jobs. */
  readonly eviction: string;
  readonly keepsLog: boolean;
  /** Keys that were pushed out of its memory since it started. */
  readonly evicted: number;
}

/** @param info what INFO answers */
export function redisAnswer(info: string): RedisAnswer {
  const of = (name: string) => new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim() ?? 'unknown';
  return {
    version: of('redis_version'),
    eviction: of('maxmemory_policy'),
    keepsLog: of('aof_enabled') === '1',
    evicted: Number(of('evicted_keys')),
  };
}

const patienceMs = 4_000;

/** What a Redis says of itself, on a connection of its own. @throws Error when it cannot be reached at once */
export async function askRedis(url: string): Promise<RedisAnswer> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: patienceMs,
    commandTimeout: patienceMs,
  });
  // What became of the connection is told here; the call itself only says that it is closed.
  let lost: Error | undefined;
  client.on('error', (error) => (lost = error));
  try {
    await client.connect();
    return redisAnswer(await client.info());
  } catch (error) {
    throw lost ?? error;
  } finally {
    client.disconnect();
  }
}

/**
 * ioredis keeps what is asked while Redis is away, without end and without limit, and answers when it is back: so nothing
 * is asked before Redis is there. Its `commandTimeout` would not do: it would let BullMQ's first question fail for good.
 * @throws Error with the code ETIMEDOUT when there is no answer after `ms`
 */
export async function answered<T>(connection: Redis, ms: number, question: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = () => reject(Object.assign(new Error('Redis does not answer'), { code: 'ETIMEDOUT' }));
    timer = setTimeout(giveUp, ms);
  });
  let begin = () => {};
  try {
    if (connection.status !== 'ready')
      await Promise.race([late, new Promise<void>((resolve) => connection.once('ready', (begin = resolve)))]);
    return await Promise.race([late, question()]);
  } finally {
    clearTimeout(timer);
    connection.off('ready', begin);
  }
}
