import fc from 'fast-check';
import { strictJsonParse } from './index.js';

const codesOf = (text: string, limits?: Parameters<typeof strictJsonParse>[1]) => {
  const result = strictJsonParse(text, limits);
  return result.ok ? [] : result.faults.map(({ code, pointer }) => `${code} ${pointer}`.trim());
};

/** What JSON.parse gives, with every string and key in NFC. */
const normalised = (text: string): unknown => {
  const walk = (value: unknown): unknown =>
    typeof value === 'string'
      ? value.normalize('NFC')
      : Array.isArray(value)
        ? value.map(walk)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([key, member]) => [key.normalize('NFC'), walk(member)]))
          : value;
  return walk(JSON.parse(text));
};

describe('strict JSON', () => {
  it('agrees with JSON.parse on everything it accepts, however the text was made', () => {
    const pieces = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '"é"',
      '\\',
      '\\u00',
      '1',
      '0',
      '-',
      '.',
      'e',
      '+',
      ' ',
      '\n',
      '\t',
      'true',
      'null',
      'fal',
      '\u00a0',
      '\0',
      '\ufeff',
      'и\u0306',
    ];
    const garbled = fc
      .tuple(fc.json(), fc.nat(), fc.constantFrom(...pieces), fc.nat(3))
      .map(([text, where, piece, cut]) => {
        const at = where % (text.length + 1);
        return text.slice(0, at) + piece + text.slice(at + cut);
      });
    const built = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));
    const unicode = fc.jsonValue({ stringUnit: 'binary' }).map((value) => JSON.stringify(value));
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(fc.json(), unicode, garbled, built), (text) => {
        const result = strictJsonParse(text, { maxDepth: 1_000 });
        if (!result.ok) return;
        accepted++;
        expect(result.value).toEqual(normalised(text));
      }),
      { numRuns: 3_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
  it('accepts every value that JSON keeps', () => {
    const number = fc.oneof(
      fc.maxSafeInteger(),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter((n) => !Object.is(n, -0) && (!Number.isInteger(n) || Number.isSafeInteger(n))),
    );
    const text = fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0'));
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        number,
        text,
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          text.filter((key) => !['__proto__', 'constructor'].includes(key)).map((key) => key.normalize('NFC')),
          tie('value'),
          { maxKeys: 4 },
        ),
      ),
    }));
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2, '\t'), (sample, indent) => {
        const written = JSON.stringify(sample, undefined, indent);
        expect(strictJsonParse(written)).toEqual({ ok: true, value: normalised(written) });
      }),
      { numRuns: 1_000 },
    );
  });
  it('refuses numbers that a double does not keep', () => {
    for (const kept of [
      '0',
      '0.0',
      '0e5',
      '9007199254740991',
      '-9007199254740991',
      '0.1',
      '7.90',
      '1e3',
      '1.5E+2',
      '5e-324',
      '1000000000000000.0',
      '0.30000000000000004',
      '123456789012345.6',
    ])
      expect([kept, codesOf(kept)]).toEqual([kept, []]);
    for (const lost of [
      '-0',
      '-0.0',
      '-0e1',
      '9007199254740992',
      '9007199254740993',
      '1e309',
      '-1e309',
      '1e-400',
      '1e21',
      '0.1234567890123456789',
      '1234567890123456.78',
      `1${'0'.repeat(400)}`,
    ])
      expect([lost, codesOf(lost)]).toEqual([lost, ['number-not-exact']]);
  });
  it('names each fault by its pointer, all at once', () => {
    expect(
      codesOf(
        '{"a":1,"a":2,"b":[{"__proto__":{}},"\\ud800",-0],"c/d~":"x\\u0000","constructor":{"prototype":1},"e\\u0000":1,"u":"\\u005f","\\u005f_proto__":1}',
      ),
    ).toEqual([
      'duplicate-key /a',
      'forbidden-key /b/0/__proto__',
      'lone-surrogate /b/1',
      'number-not-exact /b/2',
      'nul-character /c~1d~0',
      'forbidden-key /constructor',
      'nul-character /e\0',
      'forbidden-key /__proto__',
    ]);
  });
  it('sees a repeated key in its other writings', () => {
    expect(codesOf('{"a":1,"\\u0061":2}')).toEqual(['duplicate-key /a']);
    expect(codesOf('{"й":1,"и\u0306":2}')).toEqual(['duplicate-key /й']);
  });
  it('gives NFC, and keeps Kazakh letters and emoji', () => {
    expect(strictJsonParse('{"имя и\u0306":"Әлі \\ud83d\\ude00 e\\u0301"}')).toEqual({
      ok: true,
      value: { 'имя й': 'Әлі 😀 é' },
    });
  });
  it('bounds depth and length', () => {
    expect(codesOf(`${'['.repeat(32)}${']'.repeat(32)}`)).toEqual([]);
    expect(codesOf('['.repeat(33))).toEqual([`too-deep ${'/0'.repeat(32)}`]);
    expect(codesOf('['.repeat(5_000_000)).length).toBe(1);
    expect(codesOf('"жж"', { maxBytes: 6 })).toEqual([]);
    expect(codesOf('"жж"', { maxBytes: 5 })).toEqual(['too-large']);
    expect(codesOf(`[${'-0,'.repeat(1_000)}1]`)).toHaveLength(20);
  });
  it('refuses what is not JSON, and says where', () => {
    for (const text of [
      '',
      ' ',
      '{',
      '[1,]',
      '{"a":1,}',
      "{'a':1}",
      'NaN',
      'Infinity',
      '01',
      '1.',
      '.5',
      '+1',
      '1 2',
      '"a',
      '"\t"',
      '"\\x"',
      '"\\u12g4"',
      'nul',
      '\ufeff1',
      '{"a"}',
      '[1 2]',
      '// c\n1',
      'undefined',
    ])
      expect([text, codesOf(text).map((code) => code.split(' ')[0])]).toEqual([text, ['syntax']]);
    expect(strictJsonParse('{"a": tru}')).toEqual({
      ok: false,
      faults: [{ pointer: '/a', code: 'syntax', message: 'this is not a JSON value (character 7)' }],
    });
  });
  it('leaves the prototype alone', () => {
    strictJsonParse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(strictJsonParse('{"constructor":"x","toString":1}')).toMatchObject({ ok: true });
  });
});
