export * from './document-store.js';
export * from './document-files.js';
export * from './document-type.js';
export * from './notice-document.js';
export * from './receipt.js';
