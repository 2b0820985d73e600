import type pg from 'pg';
import { comparePositions, type Position } from '#libs/event-store';
import { streamKey, type DomainFact } from '../facts.js';
import { copyLine, encodeRow, UnfitRowError } from './encode.js';
import { errorText, writeParked, type ParkedUnit } from './parked.js';
import type { Projection } from './projection.js';
import { copyRows, insertRows, loadUnits } from './sql.js';
import type { Table } from './table.js';
import { Draft, UnitRows, type Appended } from './unit-rows.js';

export interface ModelRunOptions {
  readonly projection: Projection;
  readonly generation: number;
  /** The generation is being built in tables of its own, and nobody reads it yet. */
  readonly shadow: boolean;
  readonly position: Position | undefined;
  readonly parked: Map<string, ParkedUnit>;
  /** How many rows may be held in memory; what was not looked at for longest goes first. */
  readonly rowsInMemory: number;
}

const copyChunk = 1 << 18;
/** Fewer new rows than this go by INSERT: COPY's round trip is not worth it. */
const copyFrom = 200;

/**
 * One read model at one generation: folds facts into rows held in memory, then writes the rows that changed. It is the
 * only writer of its tables, so a row in memory is the row. Whoever loses a transaction throws the run away.
 */
export class ModelRun {
  readonly projection: Projection;
  readonly generation: number;
  readonly parked: Map<string, ParkedUnit>;
  position: Position | undefined;

  private readonly shadow: number | undefined;
  private readonly rowsInMemory: number;
  private readonly draft = new Draft();
  private readonly appended: Appended = new Map();
  private dirty: UnitRows[] = [];
  /** Units looked at lately and those of the time before; a unit found in `older` moves up. */
  private younger = new Map<string, UnitRows>();
  private older = new Map<string, UnitRows>();
  private youngRows = 0;
  /** Nothing was ever dropped from memory of a generation that began empty: what is not here does not exist. */
  private whole: boolean;

  constructor(options: ModelRunOptions) {
    this.projection = options.projection;
    this.generation = options.generation;
    this.shadow = options.shadow ? options.generation : undefined;
    this.position = options.position;
    this.parked = options.parked;
    this.rowsInMemory = options.rowsInMemory;
    this.whole = options.position === undefined;
  }

  /** True when the fact is not in the rows yet. */
  isNews = (fact: DomainFact): boolean =>
    this.position === undefined || comparePositions(fact.position, this.position) > 0;

  /**
   * Folds the facts that are news, in order; `client` is asked for rows that are not in memory. Afterwards the run
   * stands at the last fact, and `write` has to follow in a transaction with the checkpoint.
   */
  async fold(client: pg.ClientBase, facts: readonly DomainFact[]): Promise<void> {
    const last = facts.at(-1);
    if (last === undefined || !this.isNews(last)) return;
    const { projection } = this;
    const news = this.isNews(facts[0]!) ? facts : facts.filter(this.isNews);
    const work: { readonly fact: DomainFact; readonly unit: string }[] = [];
    const missing = new Set<string>();
    for (const fact of news) {
      if (!projection.feeds.has(fact.type)) continue;
      for (const unit of this.unitsOf(fact)) {
        work.push({ fact, unit });
        if (!this.parked.has(unit) && this.find(unit) === undefined) missing.add(unit);
      }
    }
    await this.load(client, missing);
    for (const { fact, unit } of work) this.foldOne(fact, unit);
    this.position = last.position;
  }

  private unitsOf(fact: DomainFact): readonly string[] {
    try {
      return this.projection.unitsOf(fact);
    } catch (error) {
      this.park(streamKey(fact.stream), fact, error);
      return [];
    }
  }

  private foldOne(fact: DomainFact, unit: string): void {
    const parked = this.parked.get(unit);
    if (parked !== undefined) {
      parked.keptOut++;
      parked.written = false;
      return;
    }
    const rows = this.find(unit)!;
    this.draft.begin(rows);
    try {
      this.projection.apply(this.draft, fact, unit);
    } catch (error) {
      this.park(unit, fact, error);
      return;
    }
    const made = this.draft.commit(this.appended);
    if (made === undefined) return;
    this.youngRows += made;
    if (rows.dirty) return;
    rows.dirty = true;
    this.dirty.push(rows);
  }

  private park(unit: string, fact: DomainFact, error: unknown): void {
    const { stream, position, type: factType } = fact;
    this.parked.set(unit, { stream, position, factType, error: errorText(error), keptOut: 0, written: false });
  }

  private find(unit: string): UnitRows | undefined {
    const young = this.younger.get(unit);
    if (young !== undefined) return young;
    const old = this.older.get(unit);
    if (old === undefined) return undefined;
    this.older.delete(unit);
    this.younger.set(unit, old);
    this.youngRows += old.size;
    return old;
  }

  private async load(client: pg.ClientBase, units: ReadonlySet<string>): Promise<void> {
    if (units.size === 0) return;
    const names = [...units];
    for (const unit of names) this.younger.set(unit, new UnitRows(unit));
    this.youngRows += names.length;
    if (this.whole) return;
    for (const table of this.projection.tables) {
      if (table.appendOnly) continue;
      const fitting = table.unitColumn.type === 'uuid' ? names.filter((name) => uuidShape.test(name)) : names;
      for (const { unit, key, row } of await loadUnits(client, table, this.shadow, fitting)) {
        this.younger.get(unit)!.load(table, key, row);
        this.youngRows++;
      }
    }
  }

  /** More rows are held than should be. */
  get crowded(): boolean {
    return this.youngRows > this.rowsInMemory;
  }

  /** Making room will drop rows, so everything has to be written before, and the tables need keys to find it again. */
  get mustWrite(): boolean {
    return this.crowded && this.older.size > 0;
  }

  /** Drops what was not looked at since the last time. */
  makeRoom(): void {
    if (!this.crowded) return;
    if (this.older.size > 0) this.whole = false;
    this.older = this.younger;
    this.younger = new Map();
    this.youngRows = 0;
  }

  /** Forgets one unit, so that it is read again. */
  forget(unit: string): void {
    this.younger.delete(unit);
    this.older.delete(unit);
    this.whole = false;
  }

  /**
   * Writes every changed row and what is parked, inside the caller's transaction; `appended` leaves the rows that may
   * change again in memory. A row PostgreSQL could not hold parks its unit, and the unit's rows stay as they were.
   */
  async write(client: pg.ClientBase, what: 'everything' | 'appended' = 'everything'): Promise<void> {
    const fresh = new Map<Table, (string | null)[][]>();
    const changed = new Map<Table, (string | null)[][]>();
    if (what === 'everything') {
      for (const unit of this.dirty) this.encodeUnit(unit, fresh, changed);
      this.dirty = [];
    }
    for (const [table, rows] of this.appended) {
      for (const row of rows) {
        const unit = String((row as Record<string, unknown>)[table.unitColumn.property]);
        if (this.parked.has(unit)) continue;
        try {
          listOf(fresh, table).push(encodeRow(table, row));
        } catch (error) {
          this.parkUnfit(unit, error);
        }
      }
    }
    this.appended.clear();
    for (const [table, rows] of fresh) {
      if (rows.length < copyFrom) await insertRows(client, table, this.shadow, rows, false);
      else await copyRows(client, table, this.shadow, chunksOf(rows));
    }
    for (const [table, rows] of changed) await insertRows(client, table, this.shadow, rows, true);
    await writeParked(client, this.projection.readModel, this.generation, this.parked);
  }

  private encodeUnit(
    unit: UnitRows,
    fresh: Map<Table, (string | null)[][]>,
    changed: Map<Table, (string | null)[][]>,
  ): void {
    unit.dirty = false;
    const encoded: { readonly table: Table; readonly fresh: boolean; readonly fields: (string | null)[] }[] = [];
    try {
      for (const [table, rows] of unit.tables)
        for (const held of rows.values())
          if (held.kept !== 'same')
            encoded.push({ table, fresh: held.kept === 'new', fields: encodeRow(table, held.row) });
    } catch (error) {
      this.parkUnfit(unit.unit, error);
      this.forget(unit.unit);
      return;
    }
    for (const one of encoded) listOf(one.fresh ? fresh : changed, one.table).push(one.fields);
    for (const rows of unit.tables.values()) for (const held of rows.values()) held.kept = 'same';
  }

  private parkUnfit(unit: string, error: unknown): void {
    if (!(error instanceof UnfitRowError)) throw error;
    // Which fact it was is not known any more, only up to where it must be.
    const stream = this.projection.streamsOf(unit, [])[0] ?? unit;
    const known = { stream, position: this.position!, factType: 'row', error: errorText(error) };
    this.parked.set(unit, { ...known, keptOut: 0, written: false });
  }
}

const uuidShape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function listOf<K, V>(lists: Map<K, V[]>, key: K): V[] {
  let list = lists.get(key);
  if (list === undefined) lists.set(key, (list = []));
  return list;
}

function chunksOf(rows: readonly (readonly (string | null)[])[]): Buffer[] {
  const chunks: Buffer[] = [];
  let text = '';
  for (const row of rows) {
    text += copyLine(row);
    if (text.length >= copyChunk) {
      chunks.push(Buffer.from(text));
      text = '';
    }
  }
  if (text !== '') chunks.push(Buffer.from(text));
  return chunks;
}
