import { createPostgresBackend, createRedisBackend, type BackendFactory, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { PoolConfig } from 'pg';
import { lastingPool } from '#libs/postgres';
import { answered, redisAnswer } from './ask-redis.js';
import { BullQueue, type BullOptions, type Server, type WatchedJobQueue } from './bull-queue.js';
import { jobNames } from './catalogue.js';
import { jobsSchema } from './migrate.js';

export interface PostgresJobsOptions extends BullOptions {
  /** The application's role; the schema comes from `migrateJobs`. */
  readonly config: PoolConfig;
}
export interface RedisJobsOptions extends BullOptions {
  /** `redis://…` */
  readonly url: string;
  /** Begins every key. */
  readonly prefix?: string;
  /** How long whoever asks waits for an answer, ms. Default 5 s. */
  readonly answerMs?: number;
}

/** BullMQ on PostgreSQL: no second server. One pool for all queues; each worker holds one connection to listen. */
export function createPostgresJobQueue({ config, ...options }: PostgresJobsOptions): WatchedJobQueue {
  const pool = lastingPool(
    {
      max: jobNames.length + 8,
      keepAlive: true,
      ...config,
      // A job that a crash takes back is derived anew, so no commit here waits for the disk.
      options: `-c search_path=${jobsSchema} -c synchronous_commit=off`,
    },
    options.onError,
  );
  // BullMQ types what a backend connects with for Redis alone.
  const backend = createPostgresBackend as unknown as BackendFactory;
  const server: Server = {
    // Each statement has a limit of its own.
    within: (question) => question(),
    release: () => pool.end(),
  };
  return new BullQueue(backend, { connection: pool as unknown as ConnectionOptions }, server, options);
}

/** BullMQ on Redis, for who has it anyway. What Redis forgets is queued again from the log. */
export function createRedisJobQueue(given: RedisJobsOptions): WatchedJobQueue {
  const { url, prefix = 'qadaga', answerMs = 5_000, ...options } = given;
  // A worker waits for a job at most 10 s at a time: twice that without a word, and the connection is a dead one.
  const connection = new Redis(url, { maxRetriesPerRequest: null, socketTimeout: 20_000 });
  connection.on('error', (error) => options.onError?.(error));
  const server: Server = {
    within: (question) => answered(connection, answerMs, question),
    examine: async () => redisAnswer(await connection.info()),
    release: async () => connection.disconnect(),
  };
  return new BullQueue(createRedisBackend, { connection, prefix }, server, options);
}
