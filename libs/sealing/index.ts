export { loadMasterKey, type MasterKey } from './master-key.js';
export { migrateVault } from './vault.migration.js';
export { createSealer, type Sealer, type SealerOptions, type SecretToSeal } from './sealer.js';
export { KeyErasedError, UnknownKeyError, WrongMasterKeyError } from './errors.js';
export { commitmentOf } from './sealed-text.js';
