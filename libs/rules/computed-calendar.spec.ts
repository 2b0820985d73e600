import { readFileSync } from 'node:fs';
import path from 'node:path';
import { plainDate } from '#libs/kernel';
import { computedCalendar, computeDaysOff } from './computed-calendar.js';
import { loadRules, rulesDataDir } from './index.js';

describe('the computed calendar', () => {
  it('is the committed file', () => {
    const file = JSON.parse(readFileSync(path.join(rulesDataDir(), 'calendar-kz-computed.json'), 'utf8')) as unknown;
    expect(file).toEqual(computedCalendar({ from: '2020-10-01', to: '2023-12-31' }));
  });

  it('differs from the days read from decrees only in what no rule foretells', () => {
    const calendar = loadRules().calendar('kz');
    const { from, to } = calendar.computedOutside!;
    const read = new Map([...calendar.days].filter(([date]) => from <= date && date <= to));
    const computed = new Map(
      computeDaysOff(2020, 2023)
        .filter(({ date }) => from <= date && date <= to)
        .map((day) => [day.date, day]),
    );
    const onlyRead = [...read].filter(([date, { kind }]) => computed.get(date)?.kind !== kind).map(([date]) => date);
    const onlyComputed = [...computed.keys()].filter((date) => !read.has(date));
    // Bridge days by Government decree, each with the Saturday worked for it.
    expect(onlyRead).toEqual([
      '2021-07-03',
      '2021-07-05',
      '2022-03-05',
      '2022-03-07',
      '2022-08-27',
      '2022-08-29',
      '2022-10-22',
      '2022-10-24',
    ]);
    // Saturday 16 December 2023 gave Monday off by the rule; the file read from decrees does not have it.
    expect(onlyComputed).toEqual(['2023-12-18']);
  });

  it('follows the changes of the law', () => {
    const dates = new Map(
      computeDaysOff(2019, 2028).map(({ date, kind, name }) => [date as string, `${kind} ${name}`]),
    );
    expect(dates.get('2019-12-17')).toBe('holiday Independence Day');
    expect(dates.has('2024-12-17')).toBe(false);
    expect(dates.get('2019-12-01')).toBe('holiday First President Day');
    expect(dates.has('2024-12-01')).toBe(false);
    expect(dates.get('2024-10-25')).toBe('holiday Republic Day');
    expect(dates.has('2019-10-25')).toBe(false);
    // Constitution Day: 30 August to 2025, none in 2026, 15 March from 2027.
    expect(dates.get('2025-08-30')).toBe('holiday Constitution Day');
    expect(['2026-03-15', '2026-03-16', '2026-08-30', '2026-08-31'].filter((date) => dates.has(date))).toEqual([]);
    expect(dates.get('2027-03-15')).toBe('holiday Constitution Day');
  });

  it('moves a holiday on a weekend past its neighbours, and no religious day', () => {
    const moved = computeDaysOff(2020, 2024).filter(({ kind }) => kind === 'moved_day_off');
    expect(moved.filter(({ date }) => date.startsWith('2020')).map(({ date, name }) => `${date} ${name}`)).toEqual([
      '2020-03-09 for Sun 2020-03-08',
      '2020-03-24 for Sat 2020-03-21',
      '2020-03-25 for Sun 2020-03-22',
      '2020-05-11 for Sat 2020-05-09',
      '2020-08-31 for Sun 2020-08-30',
    ]);
    // Sunday 7 January and Sunday 16 June 2024 (Kurban-ait).
    expect(moved.some(({ date }) => date === plainDate('2024-01-08') || date === plainDate('2024-06-17'))).toBe(false);
  });
});
