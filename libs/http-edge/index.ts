export { strictJsonParse, type JsonLimits, type StrictJson } from './strict-json.js';
export { HttpProblem, OverloadedError, UnauthenticatedError, TooManyRequestsError } from './http-problem.js';
export {
  problemOf,
  problemType,
  preferredLanguage,
  type ProblemContext,
  type ProblemDocument,
  type ProblemLanguage,
  type FaultText,
  type ProblemTexts,
} from './problem.js';
export { ProblemFilter, type ProblemFilterOptions } from './problem.filter.js';
export { validationPipe, validationFaults } from './validation.js';
export { IdempotencyKey, IfMatch, readIdempotencyKey, readIfMatch, readVersion } from './request-headers.js';
export { edgeAdapterOptions, prepareHttpEdge, type HttpEdgeOptions } from './http-edge.js';
export { correlationIdOf, originOf } from './correlation.hook.js';
export { findForm } from './form.js';
export { decodeCursor, encodeCursor, readLimit } from './list-parameters.js';
