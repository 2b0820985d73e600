export {
  policy,
  grantOf,
  may,
  scopeOf,
  isAction,
  actions,
  type Action,
  type Grant,
  type PolicyObject,
  type Scope,
} from './policy.js';
export { actorOf, type Account } from './account.js';
export { formatApiKey, findApiKey, hashApiKey, type ClientRole, clientRoles } from './api-key.js';
export { migrateIdentity } from './identity.migration.js';
export { createIdentity, type Identity, type IdentityOptions } from './identity.js';
export type {
  AccountEntry,
  IssuedKey,
  KeyAuthor,
  KeyEntry,
  KeyFilter,
  KeyListRequest,
  KeyPage,
  KeyRequest,
} from './key-register.js';
export { createFirstKeys, type FirstKeys } from './first-keys.js';
export { TooManyAttemptsError } from './attempt-limiter.js';
