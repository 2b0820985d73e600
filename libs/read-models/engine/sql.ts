import type pg from 'pg';
import { copyIn } from '#libs/postgres';
import { together } from './connection.js';
import { copyLine, type EncodedRow } from './encode.js';
import type { ColumnType, Table, TableColumn } from './table.js';

/** A table of a generation being built carries its number; the one that readers see carries none. */
export const tableName = (table: Table, shadow: number | undefined): string =>
  shadow === undefined ? `read.${table.name}` : `read.${table.name}__g${shadow}`;

/** PostgreSQL's text of an instant: `2021-01-01 04:00:00.5+00`, as we write it. */
function isoOf(text: string): string {
  // Years of five digits, or before our era, are left to Date.
  if (text.charCodeAt(10) !== 0x20 || !text.endsWith('+00')) return new Date(text).toISOString();
  return `${text.slice(0, 10)}T${text.slice(11, 19)}.${text.slice(20, -3).slice(0, 3).padEnd(3, '0')}Z`;
}
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
  const { unitColumn } = table;
  const name = `load ${tableName(table, shadow)}`;
  const text = statement(name, () => {
    const names = table.columns.map((column) => `"${column.name}"`).join(', ');
    return `select ${names} from ${tableName(table, shadow)} where "${unitColumn.name}" = any($1::${unitColumn.type}[])`;
  });
  const values = [arrayText(units, unitColumn.type)];
  const result = await client.query<unknown[]>({ name, text, values, rowMode: 'array', types });
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

/** Texts by name: each is made once, and prepared once by a connection. */
const statements = new Map<string, string>();
function statement(name: string, make: () => string): string {
  let text = statements.get(name);
  if (text === undefined) statements.set(name, (text = make()));
  return text;
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
  const name = `${replace ? 'replace' : 'insert'} ${tableName(table, shadow)}`;
  const text = statement(name, () => insertText(table, shadow, replace));
  const parts: (() => Promise<unknown>)[] = [];
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const part = rows.slice(from, from + rowsPerStatement);
    const column = (i: number) => part.map((row) => row[i]!);
    parts.push(() => client.query({ name, text, values: columns.map(({ type }, i) => arrayText(column(i), type)) }));
  }
  await together(client, parts);
}

function insertText(table: Table, shadow: number | undefined, replace: boolean): string {
  const { columns } = table;
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const arrays = columns.map(({ type }, i) => `$${i + 1}::${type}[]`).join(', ');
  const keys = columns.filter(({ key }) => key).map(({ name }) => `"${name}"`);
  const others = columns.filter(({ key }) => !key).map(({ name }) => `"${name}" = excluded."${name}"`);
  const conflict = !replace ? '' : ` on conflict (${keys.join(', ')}) do update set ${others.join(', ')}`;
  return `insert into ${tableName(table, shadow)} (${names}) select * from unnest(${arrays})${conflict}`;
}

const quotable = /["\\]/g;
/** An array as PostgreSQL reads it from text. */
function arrayText(fields: EncodedRow, type: ColumnType): string {
  const isQuoted = type === 'text' || type === 'jsonb';
  let text = '{';
  for (const field of fields) {
    if (text.length > 1) text += ',';
    if (field === null) text += 'NULL';
    else text += isQuoted ? `"${field.replace(quotable, '\\$&')}"` : field;
  }
  return `${text}}`;
}

/** Loads rows into a table by COPY. */
export function copyRows(
  client: pg.ClientBase,
  table: Table,
  shadow: number | undefined,
  rows: readonly EncodedRow[],
): Promise<void> {
  const names = table.columns.map(({ name }) => `"${name}"`).join(', ');
  const lines = function* () {
    for (const row of rows) yield copyLine(table, row);
  };
  return copyIn(client, `copy ${tableName(table, shadow)} (${names}) from stdin`, lines());
}

/** Removes all rows of a unit. */
export async function removeUnit(client: pg.ClientBase, table: Table, unit: string): Promise<void> {
  const { name, type } = table.unitColumn;
  await client.query(`delete from ${tableName(table, undefined)} where "${name}" = any($1::${type}[])`, [[unit]]);
}
