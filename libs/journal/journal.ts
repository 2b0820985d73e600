import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { journalValue, type Spelling } from './cell-value.js';
import {
  csvRecords,
  findFirstRecord,
  maxFieldLength,
  quoteHint,
  type Separator,
  type TableRecord,
} from './csv-records.js';
import { findJournalColumn, journalColumns, type JournalColumn } from './journal-columns.js';
import { JournalFormatError } from './journal-format-error.js';
import { refuseMissingColumns } from './missing-columns.js';
import { textFormatOf, utf8Chunks, type TextEncoding } from './text-source.js';
import { workbookRecords } from './workbook-records.js';

export type JournalFormat =
  | { readonly kind: 'csv'; readonly encoding: TextEncoding; readonly separator: Separator; readonly hadBom: boolean }
  | { readonly kind: 'xlsx'; readonly encoding: 'utf-8'; readonly hadBom: false };

export type JournalValues = Readonly<Record<JournalColumn, string>>;

export interface JournalRow {
  /** 1-based number of the data row in the file; blank lines do not count. */
  readonly ordinal: number;
  /** What the `row` column says, or the ordinal. */
  readonly rowNo: string;
  /** 1-based line of the file on which the row begins, for messages. */
  readonly line: number;
  /** Trimmed and in NFC; '' where the file says nothing. */
  readonly values: JournalValues;
}

export interface Journal {
  readonly format: JournalFormat;
  /** The journal's columns the file has, in its own order. */
  readonly columns: readonly JournalColumn[];
  /** Headings that are no column of a journal, as written; they are not read. */
  readonly ignoredColumns: readonly string[];
  readonly totalBytes: number;
  /** How far the last `rows()` has read, for progress. */
  bytesRead(): number;
  /**
   * Every row from the beginning; may be called again.
   * @throws JournalFormatError where the file breaks, after the rows before it were given.
   */
  rows(): AsyncIterable<JournalRow>;
}

export interface JournalOptions {
  /** For a text file without byte order mark whose encoding the caller knows better than we can guess. */
  readonly encoding?: TextEncoding;
}

/**
 * Opens an incoming journal as clerks save it: CSV (UTF-8, UTF-16, Windows-1251, KZ-1048; comma, semicolon or tab) or
 * the first sheet of an xlsx workbook. Reads the header, and the file once more to be sure of its encoding; and its rows
 * where the header lacks a column that some kind needs.
 * @throws JournalFormatError when it is no journal, or lacks a column without which all rows of a kind would be refused.
 */
export async function openJournal(path: string, options: JournalOptions = {}): Promise<Journal> {
  const totalBytes = await sizeOf(path);
  const magic = await firstBytes(path, 8);
  try {
    if (magic === 'd0cf11e0a1b11ae1')
      throw new JournalFormatError(
        'not-a-journal',
        `${basename(path)} is an old Excel file or protected by a password: save it as "CSV UTF-8" or .xlsx.`,
      );
    const journal = magic.startsWith('504b0304')
      ? await openWorkbook(path, totalBytes)
      : await openText(path, totalBytes, options.encoding);
    await refuseMissingColumns(journal);
    return journal;
  } catch (error) {
    throw inPlainWords(error, path);
  }
}

async function openText(path: string, totalBytes: number, encoding?: TextEncoding): Promise<Journal> {
  const found = await textFormatOf(path);
  const text = encoding === undefined || found.hadBom ? found : { encoding, hadBom: false };
  const { separator, cells } = await headerOf(path, utf8Chunks(path, text));
  const layout = layoutOf(cells);
  let read = 0;
  return {
    format: { kind: 'csv', separator, ...text },
    ...headingsOf(layout),
    totalBytes,
    bytesRead: () => read,
    async *rows() {
      read = 0;
      const chunks = utf8Chunks(path, text, (count) => (read += count));
      const reading = rowReader(layout, separator === ';' ? 'spreadsheet' : 'as-described');
      try {
        for await (const batch of csvRecords(chunks, separator))
          for (const record of batch) {
            const row = reading(record);
            if (row) yield row;
          }
      } catch (error) {
        throw inPlainWords(error, path);
      }
    },
  };
}

async function openWorkbook(path: string, totalBytes: number): Promise<Journal> {
  const records = await workbookRecords(path, totalBytes);
  const first = records.findIndex((record) => !isBlank(record));
  if (first < 0) throw new JournalFormatError('empty', 'The first sheet of the workbook is empty.');
  const layout = layoutOf(records[first]!.cells);
  let done = 0;
  return {
    format: { kind: 'xlsx', encoding: 'utf-8', hadBom: false },
    ...headingsOf(layout),
    totalBytes,
    bytesRead: () => Math.floor((totalBytes * done) / records.length),
    async *rows() {
      done = 0;
      const reading = rowReader(layout, 'spreadsheet');
      for (const record of records) {
        done += 1;
        const row = reading(record);
        if (row) yield row;
      }
    },
  };
}

const separators: readonly Separator[] = [',', ';', '\t'];

/** The separator is the one that makes the most known columns of the first line. */
async function headerOf(
  path: string,
  chunks: AsyncGenerator<Buffer>,
): Promise<{ separator: Separator; cells: readonly string[] }> {
  try {
    const start = (await chunks.next()).value as Buffer | undefined;
    // Blank lines before the header belong to no row.
    const text = start?.toString('utf8').trimStart() ?? '';
    if (text === '') throw new JournalFormatError('empty', `${basename(path)} is empty.`);
    const readings = separators.map((separator) => {
      const cells = findFirstRecord(text, separator) ?? [];
      return { separator, cells, known: cells.filter((cell) => findJournalColumn(cell) !== undefined).length };
    });
    const best = readings.reduce((a, b) => (b.known > a.known ? b : a));
    if (best.known > 0) return best;
    // Damage right after the start says more than the missing header does.
    await chunks.next();
    throw new JournalFormatError(
      'not-a-journal',
      `the header row is missing: none of the journal's columns (${journalColumns.slice(0, 4).join(', ')} …) is named here.`,
      1,
    );
  } finally {
    await chunks.return(undefined);
  }
}

/** For each cell of a row, the column it belongs to. */
interface Layout {
  readonly columns: readonly (JournalColumn | undefined)[];
  readonly ignored: readonly string[];
}

const headingsOf = ({ columns, ignored }: Layout) => ({
  columns: columns.filter((column) => column !== undefined),
  ignoredColumns: ignored,
});

function layoutOf(cells: readonly string[]): Layout {
  const columns = cells.map(findJournalColumn);
  for (const column of journalColumns)
    if (columns.filter((each) => each === column).length > 1)
      throw new JournalFormatError('doubled-column', `The header names the column ${column} twice.`, undefined, column);
  const ignored = cells.map((cell) => cell.trim()).filter((cell, i) => cell !== '' && columns[i] === undefined);
  return { columns, ignored };
}

const isBlank = ({ cells }: TableRecord) => cells.every((cell) => cell.trim() === '');
const noValues = Object.fromEntries(journalColumns.map((column) => [column, ''])) as Record<JournalColumn, string>;

/** Turns records into rows in file order: leaves out the header and blank lines, and throws at a broken row. */
function rowReader({ columns }: Layout, spelling: Spelling): (record: TableRecord) => JournalRow | undefined {
  let ordinal = -1;
  return (record) => {
    const { cells, line } = record;
    if (cells.length !== columns.length && !isBlank(record))
      throw new JournalFormatError(
        'wrong-field-count',
        `this row has ${cells.length} fields and the header ${columns.length}.` +
          (cells.length < columns.length ? ' If it is the last one, the file breaks off here.' : ''),
        line,
      );
    if (isBlank(record)) return undefined;
    ordinal += 1;
    if (ordinal === 0) return undefined;
    const values = { ...noValues };
    for (let i = 0; i < cells.length; i += 1) {
      const cell = cells[i]!;
      const column = columns[i];
      if (cell.length > maxFieldLength)
        throw new JournalFormatError(
          'field-too-long',
          `a field of this row is longer than 64 kB; ${quoteHint}`,
          line,
          column,
        );
      if (column !== undefined && cell !== '') values[column] = journalValue(cell, column, spelling);
    }
    return { ordinal, rowNo: values.row || String(ordinal), line, values };
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isDirectory())
      throw new JournalFormatError('not-a-file', `${basename(path)} is a directory, not a journal file.`);
    if (!found.isFile()) throw new JournalFormatError('not-a-file', `${basename(path)} is not an ordinary file.`);
    await access(path, constants.R_OK);
    if (found.size === 0) throw new JournalFormatError('empty', `${basename(path)} is empty.`);
    return found.size;
  } catch (error) {
    throw inPlainWords(error, path);
  }
}

async function firstBytes(path: string, count: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(count), 0, count, 0);
    return buffer.toString('hex', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Errors of the file system speak of paths and codes; a clerk needs the name and the reason. */
function inPlainWords(error: unknown, path: string): unknown {
  if (error instanceof JournalFormatError || typeof error !== 'object' || error === null || !('code' in error))
    return error;
  const name = basename(path);
  if (error.code === 'ENOENT') return new JournalFormatError('not-readable', `There is no file ${name} here.`);
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return new JournalFormatError('not-readable', `${name} may not be read: its access rights forbid it.`);
  if (typeof error.code === 'string' && /^E[A-Z]+$/.test(error.code))
    return new JournalFormatError('not-readable', `${name} cannot be read (${error.code}).`);
  return error;
}
