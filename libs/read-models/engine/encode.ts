import { findPlainDate } from '#libs/kernel';
import type { ColumnType, Table } from './table.js';

/** A row that PostgreSQL would refuse. The unit it belongs to is parked before anything is sent. */
export class UnfitRowError extends Error {
  override readonly name = 'UnfitRowError';
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const special = /[\\\t\n\r]/;
const specials = /[\\\t\n\r]/g;
/** An escape of NUL or of half a surrogate pair (not a backslash followed by such letters). */
const unfitEscape = /(?:^|[^\\])(?:\\\\)*\\u(?:0000|d[89a-f])/;
const escapes: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const escaped = (text: string) => (special.test(text) ? text.replace(specials, (one) => escapes[one]!) : text);

const days = new Set<string>();
function isDay(value: string): boolean {
  if (days.has(value)) return true;
  if (findPlainDate(value) === undefined) return false;
  if (days.size < 100_000) days.add(value);
  return true;
}

/** The value as PostgreSQL reads it from text; undefined when the column cannot hold it. */
function textOf(type: ColumnType, value: unknown): string | undefined {
  switch (type) {
    case 'uuid':
      return typeof value === 'string' && uuidPattern.test(value) ? value : undefined;
    case 'date':
      return typeof value === 'string' && isDay(value) ? value : undefined;
    case 'timestamptz':
      return typeof value === 'string' && instantPattern.test(value) && !Number.isNaN(Date.parse(value))
        ? value
        : undefined;
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= 2_147_483_647
        ? String(value)
        : undefined;
    case 'bigint':
      return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? (value ? 't' : 'f') : undefined;
    case 'text':
      return typeof value === 'string' && !value.includes('\0') && value.isWellFormed() ? value : undefined;
    case 'jsonb': {
      const text = JSON.stringify(value);
      // jsonb holds neither NUL nor half a surrogate pair; JSON.stringify writes both as escapes.
      return text.includes('\\u') && unfitEscape.test(text) ? undefined : text;
    }
  }
}

/** The values of a row as texts in the order of the table's columns. @throws UnfitRowError */
export function encodeRow(table: Table, row: object): (string | null)[] {
  const values = row as Record<string, unknown>;
  return table.columns.map(({ property, name, type, nullable }) => {
    const value = values[property];
    if (value === null || value === undefined) {
      if (!nullable) throw new UnfitRowError(`${table.name}.${name} is missing`);
      return null;
    }
    const text = textOf(type, value);
    if (text === undefined) throw new UnfitRowError(`${table.name}.${name} cannot hold the value it was given`);
    return text;
  });
}

/** One line of COPY's text format. */
export function copyLine(fields: readonly (string | null)[]): string {
  let line = '';
  for (let i = 0; i < fields.length; i++) {
    if (i > 0) line += '\t';
    const field = fields[i];
    line += field == null ? '\\N' : escaped(field);
  }
  return `${line}\n`;
}
