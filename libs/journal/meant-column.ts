import { journalColumns, type JournalColumn } from './journal-columns.js';

/** No name of a column is so long that more slips of the hand would still be one. */
const mostSlips = 3;

/** The column that an unknown heading most likely stands for, among those that the file does not have. */
export function findMeantColumn(heading: string, had: readonly JournalColumn[]): JournalColumn | undefined {
  const typed = heading
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_');
  let nearest: { readonly column: JournalColumn; readonly slips: number } | undefined;
  for (const column of journalColumns) {
    // A short name is soon another word.
    const most = Math.min(mostSlips, Math.max(1, Math.floor(column.length / 4)));
    if (had.includes(column) || Math.abs(column.length - typed.length) > most) continue;
    const slips = editDistance(typed, column);
    if (slips <= most && slips < (nearest?.slips ?? Infinity)) nearest = { column, slips };
  }
  return nearest?.column;
}

/** How many letters must be put in, left out, changed or swapped with their neighbour to make `b` of `a`. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const above = rows[i - 1]!;
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Infinity;
      row.push(Math.min(changed, swapped, above[j]! + 1, row[j - 1]! + 1));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
