export { startKurrentDouble, type DoubleOptions, type KurrentDouble } from './server.js';
export type { Fault, Method } from './faults.js';
