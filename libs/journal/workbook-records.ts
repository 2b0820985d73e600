import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { readSheet } from 'read-excel-file/node';
import type { TableRecord } from './csv-records.js';
import { JournalFormatError } from './journal-format-error.js';

/**
 * The reader holds the whole first sheet in memory (about six bytes for each unpacked byte), so a larger workbook is
 * refused before it is unpacked. 96 MB unpacked is about 150 000 rows; the same journal as CSV has no such limit.
 */
export const maxUnpackedBytes = 96 * 1024 * 1024;

const zipEnd = 0x06054b50;
const zipEntry = 0x02014b50;

/** Bytes after unpacking, as the archive's directory declares them. */
async function unpackedBytes(path: string, size: number): Promise<number> {
  const file = await open(path, 'r');
  try {
    const tail = Buffer.alloc(Math.min(size, 65_557));
    await file.read(tail, 0, tail.length, size - tail.length);
    let end = tail.length - 22;
    while (end >= 0 && tail.readUInt32LE(end) !== zipEnd) end -= 1;
    if (end < 0)
      throw new JournalFormatError('not-a-workbook', 'The workbook is damaged or breaks off: save it again.');
    const directory = Buffer.alloc(Math.min(tail.readUInt32LE(end + 12), size));
    await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
    let total = 0;
    for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === zipEntry;) {
      total += directory.readUInt32LE(at + 24);
      at += 46 + directory.readUInt16LE(at + 28) + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
    }
    return total;
  } finally {
    await file.close();
  }
}

/**
 * The rows of the first sheet as text; empty cells are ''. `line` is the row of the sheet.
 * @throws JournalFormatError when the file is no workbook, is damaged, or is too large to hold.
 */
export async function workbookRecords(path: string, size: number): Promise<TableRecord[]> {
  if ((await unpackedBytes(path, size)) > maxUnpackedBytes)
    throw new JournalFormatError(
      'workbook-too-large',
      'The workbook is too large to read (about 100 000 rows at most): save it as "CSV UTF-8" and import that file.',
    );
  try {
    const rows = await readSheet(createReadStream(path), 1, { parseNumber: plainNumber });
    return rows.map((row, i) => ({ cells: row.map(cellText), line: i + 1 }));
  } catch (error) {
    if (error instanceof JournalFormatError) throw error;
    throw new JournalFormatError(
      'not-a-workbook',
      'The workbook cannot be read: it is damaged, protected by a password, or has a cell with an error such as #N/A.',
    );
  }
}

/**
 * Numbers come as the sheet stores them, e.g. 0.51500000000000001 or 5.02E8. The shortest decimal that means the same
 * double is what its typist saw.
 */
function plainNumber(stored: string): string {
  const shortest = String(Number(stored));
  return /^\d+(?:\.\d+)?$/.test(shortest) ? shortest : stored;
}

function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) {
    // Cells know neither zone nor offset; a time of day without one is shown, and refused by the import.
    const text = cell.toISOString();
    return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 19);
  }
  return typeof cell === 'boolean' ? (cell ? 'TRUE' : 'FALSE') : String(cell);
}
