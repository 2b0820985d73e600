import { Redis } from 'ioredis';
import pg from 'pg';
import { instantOfMs } from '#libs/kernel';
import { sharedTestPostgres, type TestPostgres } from '../embedded/testing.js';
import {
  askRedis,
  createInlineJobQueue,
  createPostgresJobQueue,
  createRedisJobQueue,
  maxRetryDelayMs,
  migrateJobs,
  retryDelayMs,
} from './index.js';
import { jobQueueContract } from './test-support/job-queue.contract.js';
import { wipeJobs } from './test-support/wipe-jobs.js';
import { findRedisServer, startRedisServer } from './test-support/redis-server.js';

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

  it('migrates twice, and anew after its tables were emptied', async () => {
    const database = await postgres.createDatabase();
    await migrateJobs(database.owner);
    await migrateJobs(database.owner);
    const client = new pg.Client(database.owner);
    await client.connect();
    await client.query('truncate bullmq.migration');
    await client.end();
    await migrateJobs(database.owner);
    const queue = createPostgresJobQueue({ config: database.app });
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
    });
    await expect(askRedis('redis://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
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
