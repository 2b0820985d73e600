export { askRedis, type RedisAnswer } from './ask-redis.js';
export * from './catalogue.js';
export * from './port.js';
export * from './retry-delay.js';
export * from './inline.js';
export {
  createPostgresJobQueue,
  createRedisJobQueue,
  type PostgresJobsOptions,
  type RedisJobsOptions,
} from './bullmq.js';
export type { WatchedJobQueue } from './bull-queue.js';
export { jobsSchema, migrateJobs } from './migrate.js';
export type { BoardAnswer, JobBoard } from './board.js';
