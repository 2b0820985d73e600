export * from './rule-set.js';
export * from './calendar.js';
export * from './deadline.js';
