export * from './port.js';
export {
  CorruptFactError,
  FactTooLargeError,
  encodeFact,
  maxBodyBytes,
  type Upcaster,
  type Upcasters,
} from './codec.js';
export {
  appendLog,
  copyLog,
  digestLog,
  LogsDifferError,
  type AppendedLog,
  type CopiedLog,
  type CopyOptions,
  type CopyProgress,
  type FactToCopy,
  type LogDigest,
} from './copy-log.js';
export { createMemoryEventStore, createMemoryLog, type MemoryStoreOptions } from './memory.js';
export { createPostgresEventStore, type PostgresStoreOptions } from './postgres.js';
export { migrateEventStore } from './postgres-schema.js';
export { KurrentAddressError, type KurrentAddress } from './kurrentdb/connection-string.js';
export {
  askKurrentServer,
  openKurrentEventStore,
  prepareKurrentServer,
  type KurrentPreparation,
  type KurrentServer,
  type KurrentStoreOptions,
} from './kurrentdb/open.js';
export { openDraft, type Draft, type DraftOptions } from './draft.js';
export { observedStore } from './observed.js';
export { knownTypesOnly, UnknownFactTypeError } from './known-types.js';
