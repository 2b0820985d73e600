export { copyField, copyIn } from './copy-in.js';
export { withClient } from './with-client.js';
export { lasting, lastingPool } from './lasting-pool.js';
