import { once } from 'node:events';
import net from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';
import { derivedId, instantOfMs, type Uuid } from '#libs/kernel';
import { sharedTestPostgres, type TestPostgres } from '../embedded/testing.js';
import {
  askRedis,
  createInlineJobQueue,
  createPostgresJobQueue,
  createRedisJobQueue,
  maxRetryDelayMs,
  migrateJobs,
  processor,
  retryDelayMs,
} from './index.js';
import { eventually } from './test-support/arrivals.js';
import { insistent } from './test-support/insistent.js';
import { jobQueueContract } from './test-support/job-queue.contract.js';
import { wipeJobs } from './test-support/wipe-jobs.js';
import { findRedisServer, makeRoomLess, startRedisServer } from './test-support/redis-server.js';

// Generous: a loaded machine is slow, and no test is about time.
jest.setTimeout(60_000);

describe('the wait between two attempts', () => {
  it('doubles from a second to ten minutes, with jitter of up to a half', () => {
    const longest = [1, 2, 3, 9, 10, 11, 1_000_000].map((attempt) => retryDelayMs(attempt, () => 1));
    expect(longest).toEqual([1_000, 2_000, 4_000, 256_000, 512_000, maxRetryDelayMs, maxRetryDelayMs]);
    expect(retryDelayMs(3, () => 0)).toBe(2_000);
  });
});

describe('the queue inside the process', () => {
  const start = async () => {
    let ms = Date.parse('2021-01-05T00:00:00Z');
    const queue = createInlineJobQueue({ now: () => instantOfMs(ms) });
    return {
      queue,
      pass: async (by: number) => {
        ms += by;
        await queue.runDue();
      },
      wipe: async () => {},
      dispose: async () => {},
    };
  };
  jobQueueContract(start, { inside: true });
});

describe('the queue on PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await sharedTestPostgres();
  }, 120_000);

  jobQueueContract(async () => {
    const database = await postgres.createDatabase();
    await migrateJobs(database.owner);
    const queue = createPostgresJobQueue({ config: database.app });
    return { queue, pass: async () => {}, wipe: () => wipeJobs(database.owner), dispose: () => database.drop() };
  });

  it('outlives a server that says its last word together with its answer', async () => {
    const message = (type: string, body: string) => {
      const head = Buffer.alloc(5);
      head.write(type);
      head.writeInt32BE(4 + body.length, 1);
      return Buffer.concat([head, Buffer.from(body)]);
    };
    const last = 'SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0';
    const greeting = Buffer.concat([message('R', '\0\0\0\0'), message('Z', 'I'), message('E', last)]);
    const dying = net.createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(greeting)));
    await once(dying.listen(0, '127.0.0.1'), 'listening');
    const { port } = dying.address() as net.AddressInfo;
    const config = { host: '127.0.0.1', port, user: 'qadaga_app', database: 'qadaga' };
    const queue = createPostgresJobQueue({ config, onError: () => {} });
    await expect(queue.depth()).rejects.toThrow(/connection/i);
    await queue.close();
    dying.close();
  });

  it('migrates twice, and anew after its tables were emptied', async () => {
    const database = await postgres.createDatabase();
    await migrateJobs(database.owner);
    await migrateJobs(database.owner);
    const client = new pg.Client(database.owner);
    await client.connect();
    await client.query('truncate bullmq.migration');
    await client.end();
    await migrateJobs(database.owner);
    const queue = insistent(createPostgresJobQueue({ config: database.app }));
    await queue.enqueue('sweep', {}, { jobId: 'one' });
    expect((await queue.depth()).sweep.waiting).toBe(1);
    await queue.close();
    await database.drop();
  });
});

const redis = findRedisServer();
if (!redis && process.env.QADAGA_REQUIRE === 'all')
  it('finds redis-server', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no redis-server on the PATH');
  });

(redis ? describe : describe.skip)('the queue on Redis (needs redis-server)', () => {
  let server: Awaited<ReturnType<typeof startRedisServer>>;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  it('says how it keeps what it is given', async () => {
    expect(await askRedis(server.url)).toEqual({
      version: expect.stringMatching(/^\d+\.\d+/),
      eviction: 'noeviction',
      keepsLog: false,
      evicted: 0,
    });
    await expect(askRedis('redis://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
  });

  it('says when Redis is away, rather than keep who asks', async () => {
    const queue = createRedisJobQueue({ url: 'redis://127.0.0.1:1', answerMs: 50 });
    const away = { code: 'ETIMEDOUT' };
    await expect(queue.enqueue('sweep', {}, { jobId: 'one' })).rejects.toMatchObject(away);
    await expect(queue.depth()).rejects.toMatchObject(away);
    await expect(queue.examine()).rejects.toMatchObject(away);
    await queue.close();
  });

  it('runs each job when it is queued again, whichever part of what was held Redis has pushed out', async () => {
    const client = new Redis(server.url);
    await makeRoomLess(client);
    const id = (n: number): Uuid => derivedId(String(n), 'test');
    const filled = async () => {
      await client.flushall();
      const queue = insistent(createRedisJobQueue({ url: server.url }));
      const again = (n: number, delayMs?: number) =>
        queue.enqueue(
          'deliver-notice',
          { noticeIds: [id(n)] },
          { jobId: `n-${n}`, ...(delayMs === undefined ? {} : { delayMs }) },
        );
      await again(1);
      await again(2);
      await again(3, 300);
      await queue.ensureSchedule('sweep', 60_000);
      // What the queues write when they begin is there, too, when they have answered.
      await queue.depth();
      return { queue, again, keys: (await client.keys('*')).sort() };
    };
    const { queue: first, keys } = await filled();
    await first.close();
    expect(keys.length).toBeGreaterThan(15);
    for (const n of keys.keys()) {
      const held = await filled();
      await client.del(held.keys[n]!);
      expect(await held.queue.examine()).toBeUndefined();
      const ran = new Set<Uuid | 'sweep'>();
      const nothing = async () => {};
      await held.queue.work([
        processor('sweep', async () => void ran.add('sweep')),
        processor('deliver-notice', async ({ noticeIds: [one] }) => void ran.add(one!)),
        processor('send-alert', nothing),
        processor('follow-order', nothing),
      ]);
      await eventually(async () => {
        for (const owed of [1, 2, 3]) if (!ran.has(id(owed))) await held.again(owed);
        if (!ran.has('sweep')) await held.queue.ensureSchedule('sweep', 60_000);
        return ran.size === 4;
      });
      await held.queue.close();
    }
    await client.flushall();
    client.disconnect();
  });

  it('says that Redis may push jobs out of its memory', async () => {
    const client = new Redis(server.url);
    const queue = insistent(createRedisJobQueue({ url: server.url }));
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await queue.examine()).toMatch(/allkeys-lru and must be noeviction; \d+ keys/);
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await queue.examine()).toBeUndefined();
    await queue.close();
    client.disconnect();
  });

  jobQueueContract(async () => {
    const wipe = async () => {
      const client = new Redis(server.url);
      await client.flushall();
      client.disconnect();
    };
    return {
      queue: createRedisJobQueue({ url: server.url }),
      pass: async () => {},
      wipe,
      dispose: wipe,
    };
  });
});
