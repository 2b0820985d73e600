export * from './port.js';
export {
  CorruptFactError,
  FactTooLargeError,
  encodeFact,
  maxBodyBytes,
  type Upcaster,
  type Upcasters,
} from './codec.js';
export { createMemoryEventStore, createMemoryLog, type MemoryStoreOptions } from './memory.js';
export { createPostgresEventStore, type PostgresStoreOptions } from './postgres.js';
export { migrateEventStore } from './postgres-schema.js';
