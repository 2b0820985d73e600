import type { Json } from './json.js';

/**
 * Why a command was refused, as a value: deciders return it, nobody throws it past a handler.
 * `kind` decides the HTTP status: malformed 400 · forbidden 403 · not-found 404 · conflict 409 · stale 412 · refused 422.
 */
export interface Rejection {
  readonly rejected: true;
  readonly kind: 'malformed' | 'forbidden' | 'not-found' | 'conflict' | 'stale' | 'refused';
  /** Stable, written by hand, kebab-case: the last part of the problem document's type. */
  readonly code: string;
  /** One English sentence a clerk understands; names no secret value. */
  readonly message: string;
  /** JSON pointers of the fields at fault into the request, e.g. `/powerMw`. */
  readonly fields?: readonly FieldFault[];
  readonly params?: { readonly [key: string]: Json };
}

export interface FieldFault {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export const reject = (
  kind: Rejection['kind'],
  code: string,
  message: string,
  fields?: readonly FieldFault[],
): Rejection => ({ rejected: true, kind, code, message, ...(fields ? { fields } : {}) });

export const isRejection = (value: unknown): value is Rejection =>
  typeof value === 'object' && value !== null && (value as Rejection).rejected === true;

/** A rejection on its way out of a handler, for callers that speak exceptions (Nest's command bus). */
export class RejectedError extends Error {
  constructor(readonly rejection: Rejection) {
    super(`${rejection.code}: ${rejection.message}`);
    this.name = 'RejectedError';
  }
}
