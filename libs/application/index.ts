export * from './request.js';
export * from './write-path.js';
export * from './circumstances.js';
export * from './house.js';
export * from './intake.js';
export * from './on-case.js';
export * from './use-case.js';
export * from './use-cases/index.js';
