import {
  addDays,
  canonicalJson,
  dayAt,
  dayOfWeek,
  daysBetween,
  endOfDay,
  findDecimal,
  findInstant,
  findPlainDate,
  instant,
  plainDate,
  quarterOf,
  lastDayOf,
  sameDecimal,
  uuidV5,
  type Decimal,
  type Uuid,
} from './index.js';

describe('plain dates', () => {
  it('refuses days that do not exist', () => {
    for (const text of [
      '2021-02-30',
      '2021-02-29',
      '2021-13-01',
      '2021-1-05',
      '20210105',
      '',
      '0000-01-01',
      '2021-01-05 ',
    ])
      expect(findPlainDate(text)).toBeUndefined();
    expect(findPlainDate('2024-02-29')).toBe('2024-02-29');
  });
  it('knows the offset change of 1 March 2024', () => {
    expect(endOfDay(plainDate('2021-01-11'), 'Asia/Almaty')).toBe('2021-01-11T18:00:00.000Z');
    expect(endOfDay(plainDate('2024-04-10'), 'Asia/Almaty')).toBe('2024-04-10T19:00:00.000Z');
    expect(dayAt(instant('2021-04-12T18:20:00Z'), 'Asia/Almaty')).toBe('2021-04-13');
    expect(dayAt(instant('2021-04-12T18:20:00Z'), 'Asia/Aqtau')).toBe('2021-04-12');
  });
  it('agrees with Date over two centuries', () => {
    const first = Date.UTC(1900, 0, 1);
    let day = plainDate('1900-01-01');
    for (let n = 0; n < 200 * 365; n++) {
      const date = new Date(first + n * 86_400_000);
      if (day !== date.toISOString().slice(0, 10) || dayOfWeek(day) !== (date.getUTCDay() || 7)) throw new Error(day);
      expect(daysBetween(plainDate('1900-01-01'), day)).toBe(n);
      day = addDays(day, 1);
    }
  });
  it('counts days', () => {
    expect(addDays(plainDate('2022-12-31'), 10)).toBe('2023-01-10');
    expect(dayOfWeek(plainDate('2021-01-10'))).toBe(7);
    expect(lastDayOf(quarterOf(plainDate('2021-02-03')))).toBe('2021-03-31');
  });
  it('reads instants with an offset only', () => {
    expect(findInstant('2021-01-10T13:37:41+06:00')).toBe('2021-01-10T07:37:41.000Z');
    for (const text of ['2021-01-10T13:37:41', '2021-02-30T00:00:00Z', '2021-01-10', '2021-01-10T25:00:00Z'])
      expect(findInstant(text)).toBeUndefined();
  });
});

describe('ids', () => {
  it('reproduces the example of RFC 9562, A.4', () => {
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8' as Uuid, 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });
});

describe('decimals', () => {
  it('keeps digits and compares numbers', () => {
    expect(findDecimal('7.90', 3)).toBe('7.90');
    expect(sameDecimal('7.90' as Decimal, '7.9' as Decimal)).toBe(true);
    expect(sameDecimal('007' as Decimal, '7.000' as Decimal)).toBe(true);
    expect(sameDecimal('7' as Decimal, '70' as Decimal)).toBe(false);
    for (const text of ['-1', '1e3', '.5', '5.', 'NaN', ' 1', '1,5', '1.2345', ''])
      expect(findDecimal(text, 3)).toBeUndefined();
  });
});

describe('canonical JSON', () => {
  it('sorts keys by UTF-16 units and refuses what has no form', () => {
    expect(canonicalJson({ '\u20ac': 1, b: [1, 'é'], a: { d: null, c: undefined } })).toBe(
      '{"a":{"d":null},"b":[1,"é"],"\u20ac":1}',
    );
    expect(() => canonicalJson({ a: Number.NaN })).toThrow(TypeError);
    expect(() => canonicalJson('\ud800')).toThrow(TypeError);
  });
});
