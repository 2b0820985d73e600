import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { naiveCsv } from '../../test/support/naive-csv.js';
import { JournalFormatError, openJournal, type Journal, type JournalOptions, type JournalRow } from './index.js';

export const samplePath = join(process.cwd(), 'test/support/sample/journal.csv');
export const sample = readFileSync(samplePath, 'utf8');
export const sampleTable = naiveCsv(sample);

export const header = 'row,kind,case_ref,operator_bin,region,channel,received_at,journal_no,activity_ended_on,note';
export const line = (n: number, note = '') =>
  `${n},termination,C${n},940140000385,75,paper,2021-04-05,2021-${n},2021-04-01,${note}`;

/** A table as text; a cell is quoted where it must be. */
export const written = (table: readonly (readonly string[])[], separator: string, lineEnd = '\r\n') =>
  table
    .map((row) =>
      row
        .map((cell) => (cell.includes(separator) || /["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
        .join(separator),
    )
    .join(lineEnd);

export async function rowsOf(journal: Journal): Promise<JournalRow[]> {
  const rows: JournalRow[] = [];
  for await (const row of journal.rows()) rows.push(row);
  return rows;
}

/** Files of one spec, in a directory that lives as long as its tests. */
export function journalFiles() {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'journal-'));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let count = 0;
  const save = (content: string | Buffer, extension = 'csv'): string => {
    count += 1;
    const path = join(directory, `journal-${count}.${extension}`);
    writeFileSync(path, content);
    return path;
  };
  return {
    get directory() {
      return directory;
    },
    save,
    valuesOf: async (path: string, options?: JournalOptions) =>
      (await rowsOf(await openJournal(path, options))).map((row) => row.values),
    /** The rows given before the file broke, and the error. */
    async untilBroken(
      content: string | Buffer,
      extension?: string,
    ): Promise<{ rows: string[]; error: JournalFormatError }> {
      const rows: string[] = [];
      try {
        for await (const row of (await openJournal(save(content, extension))).rows()) rows.push(row.rowNo);
      } catch (error) {
        if (!(error instanceof JournalFormatError)) throw error;
        expect(error.message).not.toContain(directory);
        return { rows, error };
      }
      throw new Error('the file was read to its end');
    },
  };
}
