import type { Rows } from './projection.js';
import type { Table } from './table.js';

export interface Held {
  row: object;
  /** What the table holds for it: nothing yet, this very row, or an older one. */
  kept: 'new' | 'same' | 'older';
}

/** All rows of one unit in memory, and which of them the database does not have yet. */
export class UnitRows {
  /** Made with the first row: most units of the timeline never have one. */
  tables: Map<Table, Map<string, Held>> | undefined;
  /** On the list of units to be written. */
  dirty = false;

  constructor(readonly unit: string) {}

  load(table: Table, key: string, row: object): void {
    this.held(table).set(key, { row, kept: 'same' });
  }

  held(table: Table): Map<string, Held> {
    this.tables ??= new Map();
    let rows = this.tables.get(table);
    if (rows === undefined) this.tables.set(table, (rows = new Map()));
    return rows;
  }

  get size(): number {
    let size = 0;
    for (const rows of this.tables?.values() ?? []) size += rows.size;
    return size;
  }
}

/** Rows of append-only tables on their way to the database. */
export type Appended = Map<Table, AppendedRow[]>;
export interface AppendedRow {
  readonly unit: string;
  readonly row: object;
}

/**
 * The view a projection works on. What it puts is kept apart until `commit`, so that a projection that throws half-way
 * leaves nothing. One draft serves all facts of a run, one after the other.
 */
export class Draft implements Rows {
  private unit!: UnitRows;
  private readonly puts: { readonly table: Table; readonly key: string; readonly row: object }[] = [];
  private readonly appends: { readonly table: Table; readonly row: object }[] = [];

  begin(unit: UnitRows): void {
    this.unit = unit;
    this.puts.length = 0;
    this.appends.length = 0;
  }

  /** How many rows are new; undefined when none was put at all. */
  commit(appended: Appended): number | undefined {
    let made = 0;
    for (const { table, key, row } of this.puts) {
      const rows = this.unit.held(table);
      const held = rows.get(key);
      if (held === undefined) {
        rows.set(key, { row, kept: 'new' });
        made++;
      } else {
        held.row = row;
        if (held.kept === 'same') held.kept = 'older';
      }
    }
    for (const { table, row } of this.appends) {
      const one = { unit: this.unit.unit, row };
      const rows = appended.get(table);
      if (rows === undefined) appended.set(table, [one]);
      else rows.push(one);
    }
    return this.puts.length > 0 ? made : undefined;
  }

  get<R extends object>(table: Table<R>, key: string): R | undefined {
    for (let i = this.puts.length - 1; i >= 0; i--) {
      const put = this.puts[i]!;
      if (put.table === table && put.key === key) return put.row as R;
    }
    return this.unit.tables?.get(table)?.get(key)?.row as R | undefined;
  }

  *all<R extends object>(table: Table<R>): Iterable<R> {
    const put = new Map<string, object>();
    for (const one of this.puts) if (one.table === table) put.set(one.key, one.row);
    for (const [key, held] of this.unit.tables?.get(table) ?? []) {
      yield (put.get(key) ?? held.row) as R;
      put.delete(key);
    }
    for (const row of put.values()) yield row as R;
  }

  put<R extends object>(table: Table<R>, key: string, row: R): void {
    this.puts.push({ table, key, row });
  }

  append<R extends object>(table: Table<R>, row: R): void {
    this.appends.push({ table, row });
  }
}
