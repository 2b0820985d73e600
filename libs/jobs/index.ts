export * from './ask-redis.js';
export * from './catalogue.js';
export * from './port.js';
export * from './retry-delay.js';
export * from './inline.js';
export {
  createPostgresJobQueue,
  createRedisJobQueue,
  type PostgresJobsOptions,
  type RedisJobsOptions,
  type WatchedJobQueue,
} from './bullmq.js';
export { jobsSchema, migrateJobs } from './migrate.js';
export type { BoardAnswer, JobBoard } from './board.js';
