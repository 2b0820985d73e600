export { ApiModule, apiControllers } from './api.module.js';
export { createApi, prepareApi, type CreateApiOptions } from './create-api.js';
export { API_PARTS, type ApiParts } from './parts.js';
export { openApiDocument } from './docs/openapi.js';
export { serveApi, type ServedApi } from './serve.js';
