import { columnsOfKind, journalColumns, neededColumns, type JournalColumn } from './journal-columns.js';
import { JournalFormatError } from './journal-format-error.js';
import { findMeantColumn } from './meant-column.js';
import type { Journal } from './journal.js';

type Kind = keyof typeof columnsOfKind;

/**
 * One fault of the header, rather than one of each of its rows. Rows are read only where a column is absent that some
 * kind needs, and until a row of each such kind is found.
 * @throws JournalFormatError naming every column that is missing, and the misspelt heading it may stand under.
 */
export async function refuseMissingColumns(journal: Pick<Journal, 'columns' | 'ignoredColumns' | 'rows'>) {
  const { columns, ignoredColumns } = journal;
  const kinds = await kindsThatLackColumns(journal);
  const missing = journalColumns.filter((column) => !columns.includes(column) && isNeeded(column, kinds));
  if (missing.length === 0) return;
  const named = missing.map((column) =>
    neededColumns.includes(column) ? column : `${column} (needed by ${kindsNeeding(column, kinds).join(', ')})`,
  );
  const misspelt = ignoredColumns.flatMap((heading) => {
    const meant = findMeantColumn(heading, columns);
    return meant !== undefined && missing.includes(meant) ? [` It has ${heading}: did you mean ${meant}?`] : [];
  });
  throw new JournalFormatError(
    'missing-column',
    `The header lacks the column${missing.length > 1 ? 's' : ''} ${named.join(', ')}.${misspelt.join('')}`,
    undefined,
    missing[0],
  );
}

const needsOf = (kind: Kind): readonly JournalColumn[] => columnsOfKind[kind];
const kindsNeeding = (column: JournalColumn, kinds: readonly Kind[]) =>
  kinds.filter((kind) => needsOf(kind).includes(column));
const isNeeded = (column: JournalColumn, kinds: readonly Kind[]) =>
  neededColumns.includes(column) || kindsNeeding(column, kinds).length > 0;

/** The kinds that have a row in the file and lack a column they need. */
async function kindsThatLackColumns({ columns, rows }: Pick<Journal, 'columns' | 'rows'>): Promise<readonly Kind[]> {
  const lacking = (Object.keys(columnsOfKind) as Kind[]).filter((kind) =>
    needsOf(kind).some((column) => !columns.includes(column)),
  );
  const found = new Set<string>();
  if (lacking.length === 0 || !columns.includes('kind')) return [];
  try {
    for await (const { values } of rows()) {
      found.add(values.kind);
      if (lacking.every((kind) => found.has(kind))) break;
    }
  } catch (error) {
    // Whoever reads the rows is told where the file breaks, after those before it.
    if (!(error instanceof JournalFormatError)) throw error;
  }
  return lacking.filter((kind) => found.has(kind));
}
