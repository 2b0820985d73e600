export * from './stream.js';
export * from './events.js';
export * from './commands.js';
export * from './state.js';
export * from './obligations.js';
export * from './assessment.js';
export * from './decider.js';
export * from './upcasters.js';
