import type pg from 'pg';
import { linesOf } from './archive-reader.js';
import { ArchiveFaultError } from './manifest.js';

/**
 * What stands in tables and cannot be found again from the log, by when it is taken.
 *
 * `progress` says what was done about facts; it is taken before the log's head is looked at, so that everything it
 * counts as done has its facts in the backup. `means` are made before the facts that use them (keys, numbers), so they
 * are taken after. All tables of the schemas `means` are taken, whatever they will be.
 */
export const keptTables = {
  progress: ['engine.parked', 'engine.followed_order'],
  means: ['vault', 'identity', 'numbers'],
} as const;

/** The log goes another way, the rest is made anew: `<schema>` or `<schema>.<table>`. */
export const leftOut = [
  'log',
  'read',
  'bullmq',
  'engine.checkpoint',
  'engine.report',
  'schema',
  'public.read_model_migration',
];

const rowsAtOnce = 2_000;

interface Column {
  readonly name: string;
  /** Drawn by the database: not taken, but the rows' order goes by it. */
  readonly drawn: boolean;
}

async function columnsOf(client: pg.ClientBase, table: string): Promise<readonly Column[]> {
  const { rows } = await client.query<Column>(
    `select column_name as name, is_identity = 'YES' as drawn from information_schema.columns
      where table_schema || '.' || table_name = $1 and is_generated = 'NEVER' order by ordinal_position`,
    [table],
  );
  return rows;
}

const quoted = (client: pg.ClientBase, table: string): string =>
  table
    .split('.')
    .map((name) => client.escapeIdentifier(name))
    .join('.');

export async function meansTables(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
      where table_schema = any($1) and table_type = 'BASE TABLE' order by 1`,
    [keptTables.means],
  );
  return rows.map(({ name }) => name);
}

/** Each row as one line of JSON, made by PostgreSQL, so that no number or instant passes through another form. */
export async function dumpTable(
  client: pg.ClientBase,
  table: string,
  onRow: (line: string) => Promise<void>,
): Promise<number> {
  const drawn = (await columnsOf(client, table)).filter((column) => column.drawn).map(({ name }) => name);
  const order = drawn.length === 0 ? '' : `order by ${drawn.map((name) => client.escapeIdentifier(name)).join(', ')}`;
  await client.query(
    `declare backup_rows no scroll cursor for
       select (to_jsonb(t) - ${client.escapeLiteral(`{${drawn.join(',')}}`)}::text[])::text as row from ${quoted(client, table)} t ${order}`,
  );
  let count = 0;
  for (;;) {
    const { rows } = await client.query<{ row: string }>(`fetch ${rowsAtOnce} from backup_rows`);
    for (const { row } of rows) await onRow(row);
    count += rows.length;
    if (rows.length < rowsAtOnce) break;
  }
  await client.query('close backup_rows');
  return count;
}

/** @throws ArchiveFaultError when the table or a column is not known here: a newer version wrote the archive. */
export async function loadRows(client: pg.ClientBase, part: string, table: string, bytes: Buffer): Promise<void> {
  const known = new Set((await columnsOf(client, table)).map(({ name }) => name));
  if (known.size === 0) throw new ArchiveFaultError(part, `there is no table ${table}: a newer version wrote it`);
  for (let lines = linesOf(bytes); lines.length > 0; lines = lines.slice(rowsAtOnce)) {
    const some = lines.slice(0, rowsAtOnce);
    const columns = Object.keys(JSON.parse(some[0]!) as object);
    const strange = columns.find((name) => !known.has(name));
    if (strange !== undefined)
      throw new ArchiveFaultError(part, `${table} has no column ${strange}: a newer version wrote it`);
    const list = columns.map((name) => client.escapeIdentifier(name)).join(', ');
    const name = quoted(client, table);
    await client.query(
      `insert into ${name} (${list}) select ${list} from jsonb_populate_recordset(null::${name}, $1::jsonb)`,
      [`[${some.join(',')}]`],
    );
  }
}

/** The first table of those a restore fills that has rows already. */
export async function findFilledTable(client: pg.ClientBase): Promise<string | undefined> {
  for (const table of [...keptTables.progress, 'engine.checkpoint', ...(await meansTables(client))]) {
    const { rows } = await client.query(`select 1 from ${quoted(client, table)} limit 1`);
    if (rows.length > 0) return table;
  }
  return undefined;
}
