export {
  startEmbeddedPostgres,
  EmbeddedInUseError,
  type EmbeddedConfig,
  type EmbeddedOptions,
  type EmbeddedPostgres,
} from './postgres.js';
export { joinOrStartEmbedded } from './join.js';
export type { DatabaseUser } from './secrets.js';
