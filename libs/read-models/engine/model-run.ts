import type pg from 'pg';
import { comparePositions, type Position } from '#libs/event-store';
import { streamKey, type DomainFact } from '../facts.js';
import { together } from './connection.js';
import { encodeRow, type EncodedRow } from './encode.js';
import { errorText, writeParked, type ParkedUnit } from './parked.js';
import type { Projection } from './projection.js';
import { copyRows, insertRows, loadUnits } from './sql.js';
import type { Stretch } from './stretch.js';
import type { Table } from './table.js';
import { Draft, UnitRows, type Appended, type AppendedRow, type Held } from './unit-rows.js';

export interface ModelRunOptions {
  readonly projection: Projection;
  readonly generation: number;
  /** The generation is being built in tables of its own, and nobody reads it yet. */
  readonly shadow: boolean;
  readonly position: Position | undefined;
  readonly parked: Map<string, ParkedUnit>;
  /** How many rows may be held in memory; what was not looked at for longest goes first. */
  readonly rowsInMemory: number;
  /** Appended rows may be there already (a unit is folded anew) and are replaced. */
  readonly overwrite?: true;
}

type Encoded = Map<Table, EncodedRow[]>;

/** Rows that are sent together. */
interface Part {
  readonly fresh: Encoded;
  readonly changed: Encoded;
  rows: number;
}
const newPart = (): Part => ({ fresh: new Map(), changed: new Map(), rows: 0 });

/** Facts folded between two looks at the clock. */
const lookEvery = 32;
/** Few enough to die young in the garbage collector's eyes, and not to hold up the event loop. */
const rowsAtOnce = 1_000;
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
  private readonly overwrite: boolean;
  private readonly draft = new Draft();
  private readonly appended: Appended = new Map();
  private dirty: UnitRows[] = [];
  /** Units looked at lately and those of the time before; a unit found in `older` moves up. */
  private younger = new Map<string, UnitRows>();
  private older = new Map<string, UnitRows>();
  private youngRows = 0;
  /** Nothing was ever dropped from memory of a generation that began empty: what is not here does not exist. */
  whole: boolean;

  constructor(options: ModelRunOptions) {
    this.projection = options.projection;
    this.generation = options.generation;
    this.shadow = options.shadow ? options.generation : undefined;
    this.position = options.position;
    this.parked = options.parked;
    this.rowsInMemory = options.rowsInMemory;
    this.overwrite = options.overwrite === true;
    this.whole = options.position === undefined;
  }

  /** True when the fact is not in the rows yet. */
  isNews = (fact: DomainFact): boolean =>
    this.position === undefined || comparePositions(fact.position, this.position) > 0;

  private newsOf(facts: readonly DomainFact[]): readonly DomainFact[] {
    if (facts.length === 0 || !this.isNews(facts.at(-1)!)) return [];
    return this.isNews(facts[0]!) ? facts : facts.filter(this.isNews);
  }

  /**
   * Folds the facts that are news, in order; their units have been loaded. Afterwards the run stands at the last fact,
   * and `write` has to follow in a transaction with the checkpoint.
   */
  async fold(facts: readonly DomainFact[], stretch: Stretch): Promise<void> {
    const { feeds } = this.projection;
    let since = 0;
    for (const fact of this.newsOf(facts)) {
      if (!feeds.has(fact.type)) continue;
      for (const unit of this.unitsOf(fact)) this.foldOne(fact, unit);
      if (++since % lookEvery === 0 && stretch.isLong) await stretch.rest();
    }
    const last = facts.at(-1);
    if (last !== undefined && this.isNews(last)) this.position = last.position;
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
    const rows = this.find(unit) ?? this.begin(unit);
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

  private begin(unit: string): UnitRows {
    const rows = new UnitRows(unit);
    this.younger.set(unit, rows);
    this.youngRows++;
    return rows;
  }

  /** Reads the rows of the facts' units that are not in memory, all tables at once. */
  async load(client: pg.ClientBase, facts: readonly DomainFact[]): Promise<void> {
    if (this.whole) return;
    const { feeds, recalls, tables } = this.projection;
    const units: string[] = [];
    for (const fact of this.newsOf(facts)) {
      if (!feeds.has(fact.type)) continue;
      for (const unit of this.unitsOf(fact)) {
        if (this.parked.has(unit) || this.find(unit) !== undefined) continue;
        this.begin(unit);
        if (recalls?.(unit) !== false) units.push(unit);
      }
    }
    const changing = tables.filter((table) => !table.appendOnly);
    await together(
      client,
      changing.map((table) => () => this.loadTable(client, table, units)),
    );
  }

  private async loadTable(client: pg.ClientBase, table: Table, units: readonly string[]): Promise<void> {
    const fitting = table.unitColumn.type === 'uuid' ? units.filter((name) => uuidShape.test(name)) : units;
    if (fitting.length === 0) return;
    for (const { unit, key, row } of await loadUnits(client, table, this.shadow, fitting)) {
      this.younger.get(unit)!.load(table, key, row);
      this.youngRows++;
    }
  }

  /** Rows in memory that were looked at lately. */
  get rowsHeld(): number {
    return this.youngRows;
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
  async write(client: pg.ClientBase, stretch: Stretch, what: 'everything' | 'appended' = 'everything'): Promise<void> {
    const units = what === 'everything' ? this.dirty : [];
    if (what === 'everything') this.dirty = [];
    // Facts may be folded while this waits: what they append is for the next time.
    const appended = [...this.appended];
    this.appended.clear();
    // PostgreSQL works on one part while the next is put into words.
    let sending: Promise<void> = Promise.resolve();
    let part = newPart();
    const send = async () => {
      await sending;
      sending = this.send(client, part);
      sending.catch(() => {});
      part = newPart();
      if (stretch.isLong) await stretch.rest();
    };
    for (const unit of units) {
      this.encodeUnit(unit, part);
      if (part.rows >= rowsAtOnce) await send();
    }
    const unfit = new Set<string>();
    for (const [table, rows] of appended)
      for (let from = 0; from < rows.length; from += rowsAtOnce) {
        this.encodeAppended(table, rows.slice(from, from + rowsAtOnce), unfit, part);
        if (part.rows >= rowsAtOnce) await send();
      }
    if (part.rows > 0) await send();
    await sending;
    await writeParked(client, this.projection.readModel, this.generation, this.parked);
  }

  private async send(client: pg.ClientBase, { fresh, changed }: Part): Promise<void> {
    const { shadow } = this;
    const statements: (() => Promise<void>)[] = [];
    for (const [table, rows] of fresh)
      // Only a table being built is filled by COPY: the projector's connection sends ahead, which COPY does not bear.
      if (shadow === undefined || rows.length < copyFrom)
        statements.push(() => insertRows(client, table, shadow, rows, false));
      else statements.push(() => copyRows(client, table, shadow, rows));
    for (const [table, rows] of changed) statements.push(() => insertRows(client, table, shadow, rows, true));
    await together(client, statements);
  }

  private encodeUnit(unit: UnitRows, part: Part): void {
    const { projection } = this;
    unit.dirty = false;
    const encoded: { readonly table: Table; readonly held: Held; readonly fields: EncodedRow }[] = [];
    try {
      for (const [table, rows] of unit.tables ?? [])
        for (const held of rows.values()) {
          if (held.kept === 'same') continue;
          if (projection.settle !== undefined) held.row = projection.settle(table, held.row);
          encoded.push({ table, held, fields: encodeRow(table, held.row) });
        }
    } catch (error) {
      this.parkUnfit(unit.unit, error);
      this.younger.delete(unit.unit);
      this.older.delete(unit.unit);
      return;
    }
    for (const { table, held, fields } of encoded) {
      listOf(held.kept === 'new' ? part.fresh : part.changed, table).push(fields);
      held.kept = 'same';
    }
    part.rows += encoded.length;
  }

  private encodeAppended(table: Table, rows: readonly AppendedRow[], unfit: Set<string>, part: Part): void {
    const encoded = listOf(this.overwrite ? part.changed : part.fresh, table);
    part.rows += rows.length;
    for (const { unit, row } of rows) {
      if (unfit.has(unit)) {
        this.parked.get(unit)!.keptOut++;
        continue;
      }
      try {
        encoded.push(encodeRow(table, row));
      } catch (error) {
        unfit.add(unit);
        this.parkUnfit(unit, error);
      }
    }
  }

  private parkUnfit(unit: string, error: unknown): void {
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
