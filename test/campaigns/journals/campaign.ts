import { readFileSync } from 'node:fs';
import path from 'node:path';
import { rulesDataDir } from '#libs/rules';
import { naiveCsv } from '../../support/naive-csv.js';
import { naiveJournal, type NaiveCalendar, type NaiveRow } from '../../support/naive-journal.js';
import { inScratch, type Campaign, type CampaignOutcome } from '../campaign.js';
import { qadaga, writeJournal } from '../journal-command.js';

const asOf = '2023-06-03';
const rules = 'kz-384-2020';

export const campaign: Campaign = {
  name: 'journals',
  counts: 'centres in a generated journal',
  byDefault: 10_000,
  run: ({ count, seed, flags, onProgress }) =>
    inScratch('journals', (dir) => compare(dir, count, seed, flags.has('replay'), onProgress)),
};

async function compare(
  dir: string,
  centres: number,
  seed: number,
  replay: boolean,
  onProgress: (done: number, of: number, what?: string) => void,
): Promise<CampaignOutcome> {
  const findings: string[] = [];
  const counts: { [what: string]: unknown } = {};
  const journal = path.join(dir, 'journal.csv');
  const rows: NaiveRow[] = [];
  await writeJournal(journal, centres, seed, (row) => rows.push(row));
  const calendar = JSON.parse(readFileSync(path.join(rulesDataDir(), 'calendar-kz.json'), 'utf8')) as NaiveCalendar;
  const expected = naiveJournal(rows, calendar, asOf);
  counts['rows'] = rows.length;
  counts['obligations'] = expected.obligations.length - 1;
  counts['notices'] = expected.notices.length - 1;

  const steps = replay ? 6 : 3;
  const home = path.join(dir, 'import');
  const out = (name: string) => path.join(dir, name);
  const timed = async (what: string, in_: string, args: readonly string[], codes: readonly number[]) => {
    onProgress(Object.keys(counts).length - 3, steps, what);
    const began = performance.now();
    const { code, text } = await qadaga(in_, args);
    counts[`${what}Seconds`] = Math.round((performance.now() - began) / 1000);
    if (!codes.includes(code ?? -1)) findings.push(`${what} ended with ${code}: ${text.slice(0, 1000)}`);
  };
  const reports = async (what: string, in_: string) => {
    for (const name of ['obligations', 'notices'] as const) {
      const csv = out(`${what}-${name}.csv`);
      await timed(`${what}${name}`, in_, ['report', name, '--as-of', asOf, '--out', csv], [0]);
      findings.push(...differences(`${what} ${name}`, csv, expected[name]));
    }
  };

  await timed('import', home, ['import', journal, '--rules', rules, '--result', out('result.csv')], [0, 1]);
  findings.push(...differences('import result', out('result.csv'), expected.imported));
  await reports('import', home);
  if (replay) {
    const lived = path.join(dir, 'replay');
    await timed('replay', lived, ['replay', journal, '--rules', rules, '--until', asOf], [0, 1]);
    await reports('replay', lived);
  }
  return { findings, counts };
}

/** Compares the columns that are expected, whatever more the file has. */
function differences(what: string, file: string, expected: readonly (readonly string[])[]): string[] {
  let got: string[][];
  try {
    got = naiveCsv(readFileSync(file, 'utf8'));
  } catch (error) {
    return [`${what}: ${error instanceof Error ? error.message : String(error)}`];
  }
  const columns = expected[0]!.map((name) => got[0]?.indexOf(name) ?? -1);
  if (columns.includes(-1)) return [`${what}: the header is ${got[0]?.join(',')}`];
  const lines = (rows: readonly (readonly string[])[], at: readonly number[]) =>
    rows.filter((row) => row.length > 1).map((row) => at.map((column) => row[column] ?? '').join(','));
  const have = lines(got, columns);
  const want = lines(
    expected,
    expected[0]!.map((_, n) => n),
  );
  const findings: string[] = [];
  for (let n = 0; n < Math.max(have.length, want.length) && findings.length < 5; n++)
    if (have[n] !== want[n])
      findings.push(`${what} line ${n + 1}: ${have[n] ?? 'nothing'} for ${want[n] ?? 'nothing'}`);
  if (have.length !== want.length) findings.push(`${what}: ${have.length} lines for ${want.length}`);
  return findings;
}
