import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateJournal, journalGeneratorColumns, type JournalLine } from './journal-generator.js';
import { naiveJournal, type NaiveCalendar } from './naive-journal.js';

const calendar = JSON.parse(
  readFileSync(join(process.cwd(), 'libs/rules/data/calendar-kz.json'), 'utf8'),
) as NaiveCalendar;

describe('the generated journal', () => {
  const lines = [...generateJournal({ centres: 1500, seed: 7 })];
  const { outcomes, obligations, notices } = naiveJournal(lines, calendar);

  it('is the same for the same seed, and another for another', () => {
    const text = (seed: number) => JSON.stringify([...generateJournal({ centres: 40, seed })]);
    expect(text(1)).toBe(text(1));
    expect(text(1)).not.toBe(text(2));
  });

  it('has about seven rows for each centre, most of them right', () => {
    expect(lines.length).toBeGreaterThan(1500 * 5);
    const right = outcomes.filter((each) => each.outcome === 'accepted').length;
    expect(right / lines.length).toBeGreaterThan(0.93);
    expect(right / lines.length).toBeLessThan(0.99);
  });

  it('has rows at fault in every column that can be', () => {
    const faults = new Set(outcomes.map((each) => each.columnAtFault));
    const blameless = ['row', 'operator_name', 'address', 'submitted_at', 'note'];
    for (const column of journalGeneratorColumns)
      expect(`${column} ${faults.has(column)}`).toBe(`${column} ${!blameless.includes(column)}`);
  });

  it('has duties met, met late, missed and undetermined, corrections that notify and that do not', () => {
    expect(new Set(obligations.slice(1).map((row) => `${row[1]} ${row[5]}`))).toEqual(
      new Set([
        ...['met', 'met_late', 'undetermined'].map((status) => `planned_construction ${status}`),
        ...['met', 'met_late', 'missed'].map((status) => `quarterly_reference ${status}`),
        ...['met', 'met_late'].map((status) => `termination ${status}`),
      ]),
    );
    const corrections = lines.filter((_, i) => lines[i]!.kind === 'correction' && outcomes[i]!.outcome === 'accepted');
    const notified = notices.filter((row) => row[2] === 'correction');
    expect(notified.length).toBeGreaterThan(50);
    expect(notified.length).toBeLessThan(corrections.length);
  });

  it('has late-registered rows, withdrawals and both names of a divided region', () => {
    const received = (line: JournalLine) => line.received_at!.slice(0, 10);
    expect(lines.some((line, i) => i > 0 && received(line) < received(lines[i - 1]!))).toBe(true);
    expect(lines.filter((line) => line.kind === 'withdrawal').length).toBeGreaterThan(50);
    expect(new Set(lines.map((line) => line.region))).toContain('33');
  });

  it('keeps to the days asked for', () => {
    const some = [...generateJournal({ centres: 200, seed: 3, from: '2021-05-01', to: '2022-02-01' })];
    const { outcomes: judged } = naiveJournal(some, calendar, '2022-02-01');
    const days = some.filter((_, i) => judged[i]!.outcome === 'accepted').map((line) => line.received_at!.slice(0, 10));
    expect(days.length).toBeGreaterThan(100);
    expect(days.every((day) => day >= '2021-05-01' && day <= '2022-02-01')).toBe(true);
  });
});
