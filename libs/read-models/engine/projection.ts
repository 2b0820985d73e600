import type { RuleSet } from '#libs/domain';
import type { Zone } from '#libs/kernel';
import type { DomainFact, DomainFactType } from '../facts.js';
import type { Table } from './table.js';

export const readModelNames = [
  'cases',
  'filings',
  'obligations',
  'alerts',
  'notices',
  'operators',
  'timeline',
] as const;
export type ReadModelName = (typeof readModelNames)[number];

/** The law a projection may ask: rule sets by id. `loadRules()` of libs/rules answers to it. */
export interface Rules {
  /** @throws RangeError for an unknown id. */
  ruleSet(id: string): RuleSet;
}

/** What a projection sees of one unit's rows. Rows are values: change one by putting another in its place. */
export interface Rows {
  get<R extends object>(table: Table<R>, key: string): R | undefined;
  all<R extends object>(table: Table<R>): Iterable<R>;
  /** `key` tells the rows of one unit apart; it is the rest of the primary key. */
  put<R extends object>(table: Table<R>, key: string, row: R): void;
  /** For append-only tables. */
  append<R extends object>(table: Table<R>, row: R): void;
}

/** Of a read model: facts in, rows out. Pure: no clock, no database, no order but the log's. */
export interface Projection {
  readonly readModel: ReadModelName;
  readonly tables: readonly Table[];
  readonly feeds: ReadonlySet<DomainFactType>;
  /** The units whose rows the fact changes. A unit is what is loaded, and parked, as a whole. */
  unitsOf(fact: DomainFact): readonly string[];
  /** @throws anything for a fact that cannot be: the unit is parked then. */
  apply(rows: Rows, fact: DomainFact, unit: string): void;
  /**
   * Completes a row before it is written with what follows from the rest of it. `apply` may leave that out: between
   * two writes a row changes many times and nobody sees it.
   * @throws anything: the unit is parked then.
   */
  settle?(table: Table, row: object): object;
  /** False for a unit none of whose rows is ever looked at again: nothing is loaded for it. Left out: true for all. */
  recalls?(unit: string): boolean;
  /** The streams a unit is folded from; called again with what was read until it names no new one. */
  streamsOf(unit: string, read: readonly DomainFact[]): readonly string[];
}

export interface ProjectionContext {
  readonly rules: Rules;
  /** The regulator's zone. */
  readonly zone: Zone;
}
