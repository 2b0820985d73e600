import { canonicalJson, type Json } from '#libs/kernel';
import { HttpProblem } from './http-problem.js';
import { strictJsonParse } from './strict-json.js';

const wrong = (name: string, message: string) =>
  new HttpProblem(400, 'invalid-request', undefined, [{ pointer: `/${name}`, code: 'list-parameter', message }]);

/** An opaque place in a list: the sort values of the last row shown. Not secret, and not to be trusted when it returns. */
export const encodeCursor = (place: Json): string => Buffer.from(canonicalJson(place)).toString('base64url');

/** @throws HttpProblem 400 when the text is no cursor of ours or not of this list's shape. */
export function decodeCursor<T>(text: string | undefined, isPlace: (value: unknown) => value is T): T | undefined {
  if (text === undefined || text === '') return undefined;
  if (text.length <= 1_000 && /^[\w-]+$/.test(text)) {
    const parsed = strictJsonParse(Buffer.from(text, 'base64url').toString('utf8'), { maxDepth: 3 });
    if (parsed.ok && isPlace(parsed.value)) return parsed.value;
  }
  throw wrong('cursor', 'this is not a cursor that this list gave');
}

/** @throws HttpProblem 400 when it is not a whole number from 1 to `max`. */
export function readLimit(text: string | undefined, byDefault = 50, max = 200): number {
  if (text === undefined || text === '') return byDefault;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > max) throw wrong('limit', `must be a whole number from 1 to ${max}`);
  return limit;
}
