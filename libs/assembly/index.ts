export * from './databases.js';
export * from './house.js';
export * from './simulated-clock.js';
export { PostgresNumbers, migrateNumbers } from './numbers.js';
export * from './engine.js';
export { dueBoards } from './boards.js';
export * from './doctor.js';
export * from './schema.js';
export * from './work.js';
