import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { naiveCsv, naiveRecords } from './naive-csv.js';
import { naiveJournal, type NaiveCalendar } from './naive-journal.js';

const here = join(process.cwd(), 'test/support');
const sample = (name: string) => readFileSync(join(here, 'sample', name), 'utf8');
const calendar = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/rules/data/calendar-kz.json'), 'utf8'),
) as NaiveCalendar;

describe('the naive journal', () => {
  const result = naiveJournal(naiveRecords(sample('journal.csv')), calendar);

  it('judges the sample row for row as expected', () => {
    expect(result.imported).toEqual(naiveCsv(sample('expected-import.csv')));
  });
  it('finds the expected obligations', () => {
    expect(result.obligations).toEqual(naiveCsv(sample('expected-obligations.csv')));
  });
  it('finds the expected notices', () => {
    expect(result.notices).toEqual(naiveCsv(sample('expected-notices.csv')));
  });
  it('shares no code with what it judges', () => {
    for (const file of ['naive-journal.ts', 'naive-csv.ts'])
      expect(readFileSync(join(here, file), 'utf8')).not.toMatch(
        /^\s*(import|export .* from)\b|\bimport\(|\brequire\(/m,
      );
  });
});

describe('the readings the description leaves open', () => {
  const base = {
    kind: 'quarterly_reference',
    case_ref: 'C1',
    operator_bin: '940140000385',
    region: '75',
    channel: 'paper',
    received_at: '2021-04-05',
    journal_no: '1',
    period: '2021-Q1',
    power_mw: '7.9',
    equipment_investment_kzt: '1',
    investment_potential_kzt: '1',
    jobs: '1',
  };
  const faults = (...rows: Record<string, string>[]) =>
    naiveJournal(
      rows.map((row) => ({ ...base, ...row })),
      calendar,
    ).outcomes.map((each) => each.columnAtFault);
  const correction = { kind: 'correction', journal_no: '2', corrects: '1' };

  it.each([
    ['the number of a correction', [{}, correction, { ...correction, journal_no: '3', corrects: '2' }], 'corrects'],
    ['a filing of another case', [{}, { ...correction, case_ref: 'C2' }], 'corrects'],
    ['a withdrawn filing', [{}, { ...correction, kind: 'withdrawal' }, { ...correction, journal_no: '3' }], 'corrects'],
    ['another period', [{}, { ...correction, period: '2021-Q2' }], 'period'],
    ['an unknown case', [{ kind: 'termination', activity_ended_on: '2021-04-01' }], 'case_ref'],
    ['another operator', [{}, { journal_no: '2', operator_bin: '970740000838' }], 'operator_bin'],
    ['a region not yet there', [{ region: '10' }], 'region'],
    [
      'a commissioning with a bad expansion',
      [{ kind: 'commissioning', commissioned_on: '2021-01-01', expansion_mw: '-1' }],
      'expansion_mw',
    ],
    ['a day after the last one', [{ received_at: '2023-06-03T18:00:00Z' }], 'received_at'],
    ['30 February', [{ received_at: '2021-02-30' }], 'received_at'],
  ])('%s is refused', (_, rows, column) => {
    expect(faults(...rows).at(-1)).toBe(column);
    expect(
      faults(...rows)
        .slice(0, -1)
        .every((fault) => fault === ''),
    ).toBe(true);
  });

  it('gives no notice for 7.90 instead of 7.9, and one for another power', () => {
    const rows = [{}, { ...correction, power_mw: '7.90' }, { ...correction, journal_no: '3', power_mw: '8' }];
    const { notices } = naiveJournal(
      rows.map((row) => ({ ...base, ...row })),
      calendar,
    );
    expect(notices.slice(1).map((each) => each[0])).toEqual(['1', '3']);
  });
});
