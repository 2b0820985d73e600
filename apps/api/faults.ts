import { reject, RejectedError, type FieldFault, type Rejection } from '#libs/kernel';
import { HttpProblem } from '#libs/http-edge';
import { read } from './body/read.js';
import type { Shape } from './body/field-table.js';

export const refuse = (
  kind: Rejection['kind'],
  code: string,
  message: string,
  fields?: readonly FieldFault[],
): RejectedError => new RejectedError(reject(kind, code, message, fields));

export const notFound = (what: string): RejectedError =>
  refuse('not-found', `${what}-unknown`, `there is no such ${what}`);

/** Some fields cannot be read. */
export const faulty = (...faults: readonly FieldFault[]): HttpProblem =>
  new HttpProblem(400, 'invalid-request', undefined, faults);

/** One field at fault. */
export const faultyField = (pointer: string, code: string, message: string): HttpProblem =>
  faulty({ pointer, code, message });

/** @throws HttpProblem naming every field at fault. */
export function readOrRefuse<T extends object>(shape: Shape<T>, given: unknown): T {
  const found = read(shape, given);
  if ('faults' in found) throw faulty(...found.faults);
  return found.value;
}
