export * from './journal-columns.js';
export * from './journal-format-error.js';
export { findMeantColumn } from './meant-column.js';
export type { Separator } from './csv-records.js';
export type { TextEncoding } from './text-source.js';
export * from './journal.js';
export * from './csv-writer.js';
