import { findPlainDate } from '#libs/kernel';
import { copyField } from '#libs/postgres';
import { JsonText } from './json-text.js';
import type { ColumnType, Table } from './table.js';

/** A row that PostgreSQL would refuse. The unit it belongs to is parked before anything is sent. */
export class UnfitRowError extends Error {
  override readonly name = 'UnfitRowError';
}

/** The values of a row as texts, in the order of the table's columns. */
export type EncodedRow = readonly (string | null)[];

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** The days that every month has need no further look. */
const plainInstant =
  /^(?:19|2[01])\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const timePattern = /^T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
/** An escape of NUL or of half a surrogate pair (not a backslash followed by such letters). */
const unfitEscape = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;

const days = new Set<string>();
function isDay(value: string): boolean {
  if (days.has(value)) return true;
  if (findPlainDate(value) === undefined) return false;
  if (days.size < 100_000) days.add(value);
  return true;
}

/** The value as PostgreSQL reads it from text; undefined when the column cannot hold it. */
const encoders: { readonly [Type in ColumnType]: (value: unknown) => string | undefined } = {
  uuid: (value) => (typeof value === 'string' && uuidPattern.test(value) ? value : undefined),
  date: (value) => (typeof value === 'string' && isDay(value) ? value : undefined),
  timestamptz: (value) =>
    typeof value === 'string' &&
    (plainInstant.test(value) || (isDay(value.slice(0, 10)) && timePattern.test(value.slice(10))))
      ? value
      : undefined,
  integer: (value) =>
    typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2_147_483_647
      ? String(value)
      : undefined,
  bigint: (value) => (typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined),
  boolean: (value) => (typeof value === 'boolean' ? (value ? 't' : 'f') : undefined),
  text: (value) => (typeof value === 'string' && !value.includes('\0') && value.isWellFormed() ? value : undefined),
  jsonb: (value) => {
    const text = value instanceof JsonText ? value.text : JSON.stringify(value);
    // jsonb holds neither NUL nor half a surrogate pair; JSON.stringify writes both as escapes.
    return text.includes('\\u') && unfitEscape.test(text) ? undefined : text;
  },
};

/** @throws UnfitRowError */
export function encodeRow(table: Table, row: object): EncodedRow {
  const values = row as Record<string, unknown>;
  const { columns } = table;
  const fields = new Array<string | null>(columns.length);
  for (let i = 0; i < columns.length; i++) {
    const { property, name, type, nullable } = columns[i]!;
    const value = values[property];
    if (value === null || value === undefined) {
      if (!nullable) throw new UnfitRowError(`${table.name}.${name} is missing`);
      fields[i] = null;
      continue;
    }
    const text = encoders[type](value);
    if (text === undefined) throw new UnfitRowError(`${table.name}.${name} cannot hold the value it was given`);
    fields[i] = text;
  }
  return fields;
}

/** One line of COPY's text format. */
export function copyLine({ columns }: Table, fields: EncodedRow): string {
  const line = new Array<string>(fields.length);
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i];
    if (field == null) line[i] = '\\N';
    else {
      const { type } = columns[i]!;
      line[i] = type === 'text' || type === 'jsonb' ? copyField(field) : field;
    }
  }
  return `${line.join('\t')}\n`;
}
