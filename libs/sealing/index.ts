export { findMasterKey, installMasterKey, loadMasterKey, type MasterKey, type MasterKeyPlace } from './master-key.js';
export { opensVault } from './key-ring.js';
export { unwrapMasterKey, wrapMasterKey, type KeptMasterKey } from './kept-master-key.js';
export { migrateVault } from './vault.migration.js';
export { createSealer, type Sealer, type SealerOptions, type SecretToSeal } from './sealer.js';
export { KeyErasedError, UnknownKeyError, WrongMasterKeyError } from './errors.js';
export { commitmentOf } from './sealed-text.js';
