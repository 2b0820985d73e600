import type pg from 'pg';
import type { Connection, Submittable } from 'pg';
import type { EncodedRow } from './encode.js';
import type { Table, TableColumn } from './table.js';

/** A table of a generation being built carries its number; the one that readers see carries none. */
export const tableName = (table: Table, shadow: number | undefined): string =>
  shadow === undefined ? `read.${table.name}` : `read.${table.name}__g${shadow}`;

const isoOf = (text: string) => new Date(`${text.replace(' ', 'T').replace(/\+00$/, '')}Z`).toISOString();
const parsers = new Map<number, (text: string) => unknown>([
  [16, (text) => text === 't'],
  [20, Number],
  [23, Number],
  [1184, isoOf],
  [3802, (text) => JSON.parse(text) as unknown],
]);
/** Rows come back as the projections made them: days and instants as text. The session's zone must be UTC. */
const types = { getTypeParser: (oid: number) => parsers.get(oid) ?? ((text: string) => text) };

export interface LoadedRow {
  readonly unit: string;
  /** The rest of the primary key, as the projection names it. */
  readonly key: string;
  readonly row: object;
}

/** Columns of the key besides the unit's: what tells the rows of a unit apart. */
const restOfKey = (table: Table): readonly TableColumn[] =>
  table.columns.filter((column) => column.key && column !== table.unitColumn);

export async function loadUnits(
  client: pg.ClientBase,
  table: Table,
  shadow: number | undefined,
  units: readonly string[],
): Promise<LoadedRow[]> {
  const names = table.columns.map((column) => `"${column.name}"`).join(', ');
  const { unitColumn } = table;
  const result = await client.query<unknown[]>({
    text: `select ${names} from ${tableName(table, shadow)} where "${unitColumn.name}" = any($1::${unitColumn.type}[])`,
    values: [units],
    rowMode: 'array',
    types,
  });
  const rest = restOfKey(table);
  return result.rows.map((values) => {
    const row: Record<string, unknown> = {};
    table.columns.forEach(({ property }, i) => (row[property] = values[i]));
    return {
      unit: String(row[unitColumn.property]),
      key: rest.map(({ property }) => String(row[property])).join('/'),
      row,
    };
  });
}

const rowsPerStatement = 2_000;

/** Writes encoded rows in one statement a couple of thousand; with `replace` over the rows of the same key. */
export async function insertRows(
  client: pg.ClientBase,
  table: Table,
  shadow: number | undefined,
  rows: readonly EncodedRow[],
  replace: boolean,
): Promise<void> {
  const { columns } = table;
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const arrays = columns.map((_, i) => `$${i + 1}::text[]`).join(', ');
  const cast = columns.map(({ name, type }) => (type === 'text' ? `"${name}"` : `"${name}"::${type}`)).join(', ');
  const keys = columns.filter(({ key }) => key).map(({ name }) => `"${name}"`);
  const others = columns.filter(({ key }) => !key).map(({ name }) => `"${name}" = excluded."${name}"`);
  const conflict = !replace ? '' : ` on conflict (${keys.join(', ')}) do update set ${others.join(', ')}`;
  const text = `insert into ${tableName(table, shadow)} (${names}) select ${cast} from unnest(${arrays}) as x(${names})${conflict}`;
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const part = rows.slice(from, from + rowsPerStatement);
    await client.query({ name: undefined, text, values: columns.map((_, i) => part.map((row) => row[i])) });
  }
}

/** COPY … FROM STDIN on a `pg` connection, which has the messages but no way to send them. */
class CopyIn implements Submittable {
  callback?: (error: Error | null) => void;
  private error: Error | null = null;

  constructor(
    private readonly text: string,
    private readonly chunks: readonly Buffer[],
  ) {}

  submit(connection: Connection): void {
    connection.query(this.text);
  }
  handleCopyInResponse(connection: CopyConnection): void {
    for (const chunk of this.chunks) connection.sendCopyFromChunk(chunk);
    connection.endCopyFrom();
  }
  handleCommandComplete(): void {}
  handleError(error: Error): void {
    this.error = error;
    // A lost connection sends no ReadyForQuery.
    if (!('severity' in error)) this.handleReadyForQuery();
  }
  handleReadyForQuery(): void {
    const { callback } = this;
    delete this.callback;
    callback?.(this.error);
  }
}
interface CopyConnection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** Loads lines of COPY's text format (`copyLine`) into a table. */
export function copyRows(
  client: pg.ClientBase,
  table: Table,
  shadow: number | undefined,
  chunks: readonly Buffer[],
): Promise<void> {
  const names = table.columns.map(({ name }) => `"${name}"`).join(', ');
  const copy = new CopyIn(`copy ${tableName(table, shadow)} (${names}) from stdin`, chunks);
  return new Promise((resolve, reject) => {
    copy.callback = (error) => (error === null ? resolve() : reject(error));
    client.query(copy);
  });
}

/** Removes all rows of a unit. */
export async function removeUnit(client: pg.ClientBase, table: Table, unit: string): Promise<void> {
  const { name, type } = table.unitColumn;
  await client.query(`delete from ${tableName(table, undefined)} where "${name}" = any($1::${type}[])`, [[unit]]);
}
