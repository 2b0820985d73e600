import type { JournalColumn } from './journal-columns.js';

/**
 * A cell in the journal's own spelling. A Russian-locale spreadsheet writes 7,90 and 31.01.2022 and drops the leading
 * zeros of a BIN; those are put back exactly, and only in files such a program writes (semicolons, xlsx). What cannot be
 * put back exactly (1,4064E+11, 502 000 000, 31.01.22, a date with a time but no offset) stays as it is, and the
 * import refuses it in its column.
 */
export type Spelling = 'as-described' | 'spreadsheet';

const numberColumns: ReadonlySet<JournalColumn> = new Set<JournalColumn>([
  'power_mw',
  'expansion_mw',
  'equipment_investment_kzt',
  'investment_potential_kzt',
  'jobs',
]);
const dateColumns: ReadonlySet<JournalColumn> = new Set<JournalColumn>([
  'submitted_at',
  'received_at',
  'design_start_on',
  'commissioned_on',
  'activity_ended_on',
]);

/** Below U+0300 every text is in NFC already. */
const mayNeedNfc = /[\u0300-\uffff]/;

/** Trimmed, in NFC, and respelled where the spelling allows it. */
export function journalValue(cell: string, column: JournalColumn, spelling: Spelling): string {
  if (cell === '') return '';
  const trimmed = cell.trim();
  const value = mayNeedNfc.test(trimmed) ? trimmed.normalize('NFC') : trimmed;
  return spelling === 'spreadsheet' ? respelled(value, column) : value;
}

function respelled(value: string, column: JournalColumn): string {
  if (numberColumns.has(column)) return /^\d+,\d+$/.test(value) ? value.replace(',', '.') : value;
  if (dateColumns.has(column)) return value.replace(/^(\d\d)\.(\d\d)\.(\d{4})$/, '$3-$2-$1');
  if (column === 'operator_bin') return withLeadingZeros(value);
  return value;
}

/**
 * A BIN of 2000 to 2009 begins with one to three zeros (YYMM), which a number loses. They are put back only when the
 * result has a month, type and branch in their places; the check digit is the import's business.
 */
function withLeadingZeros(value: string): string {
  if (!/^\d{9,11}$/.test(value)) return value;
  const padded = value.padStart(12, '0');
  return /^\d\d(?:0[1-9]|1[0-2])[456][0-3]\d{6}$/.test(padded) ? padded : value;
}
