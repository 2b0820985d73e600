import { reject } from '#libs/kernel';
import {
  decodeCursor,
  encodeCursor,
  HttpProblem,
  preferredLanguage,
  problemOf,
  readIdempotencyKey,
  readIfMatch,
  readLimit,
  readVersion,
} from './index.js';

describe('problem documents', () => {
  const context = { instance: '/x', correlationId: 'c' };
  it('give each kind of rejection its status', () => {
    const kinds = {
      malformed: 400,
      forbidden: 403,
      'not-found': 404,
      conflict: 409,
      stale: 412,
      refused: 422,
    } as const;
    for (const [kind, status] of Object.entries(kinds))
      expect(problemOf(reject(kind as keyof typeof kinds, 'some-code', 'Some words.'), context)).toMatchObject({
        status,
        detail: 'Some words.',
      });
  });
  it('say nothing of what was thrown unawares', () => {
    for (const thrown of [new TypeError('x of undefined'), 'text', null, undefined, { message: 'hush' }, 7])
      expect(problemOf(thrown, context)).toMatchObject({
        status: 500,
        type: 'urn:qadaga:problem:internal',
        correlationId: 'c',
      });
  });
  it('choose the language by weight', () => {
    expect(preferredLanguage('de, ru;q=0.3, kk-KZ;q=0.8')).toBe('kk');
    expect(preferredLanguage('ru;q=0, de')).toBe('en');
    expect(preferredLanguage(undefined)).toBe('en');
  });
});

describe('request headers and list parameters', () => {
  it('are read or refused with a sentence', () => {
    expect(readIdempotencyKey({ 'idempotency-key': '"8e03978e-40d5"' })).toBe('8e03978e-40d5');
    expect(readIdempotencyKey({ 'idempotency-key': 'import/7' })).toBe('import/7');
    for (const key of [undefined, '', '""', 'a b', 'ключ', 'a, b', 'x'.repeat(256), '"a'])
      expect(() => readIdempotencyKey({ 'idempotency-key': key })).toThrow(HttpProblem);
    expect(readIfMatch({ 'if-match': '"abc"' })).toBe('abc');
    expect(readVersion({ 'if-match': '"12"' })).toBe(12);
    for (const tag of [undefined, '*', 'W/"1"', '"1", "2"', '1', '"x"', '"01"', '"-1"'])
      expect(() => readVersion({ 'if-match': tag })).toThrow(HttpProblem);
    expect([readLimit(undefined), readLimit('7'), readLimit('200')]).toEqual([50, 7, 200]);
    for (const limit of ['0', '201', '-1', '1.5', 'all']) expect(() => readLimit(limit)).toThrow(HttpProblem);
  });
  it('keep a cursor, and refuse one that is not of this list', () => {
    const isPair = (value: unknown): value is [string, number] => Array.isArray(value) && value.length === 2;
    expect(decodeCursor(encodeCursor(['2021-01-10', 7]), isPair)).toEqual(['2021-01-10', 7]);
    expect(decodeCursor(undefined, isPair)).toBeUndefined();
    for (const text of ['!!', 'e30', encodeCursor(['one']), Buffer.from('[1,').toString('base64url')])
      expect(() => decodeCursor(text, isPair)).toThrow(HttpProblem);
  });
});
