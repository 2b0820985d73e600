import type { Clock, Uuid } from '#libs/kernel';
import type { Location, Sealed } from '#libs/domain';
import type { LawBook } from './circumstances.js';
import type { WritePath } from './write-path.js';

/** Numbers of our own: unique and rising within a series, not gapless. `QJ-2026-000123`. */
export interface NumberSource {
  next(series: NumberSeries, year: number): Promise<string>;
}
export type NumberSeries = 'journal' | 'case' | 'notice';

export const numberPrefix: { readonly [S in NumberSeries]: string } = { journal: 'QJ', case: 'QC', notice: 'QN' };
export const formatNumber = (series: NumberSeries, year: number, n: number): string =>
  `${numberPrefix[series]}-${year}-${String(n).padStart(6, '0')}`;
/** Case references of our own form, in whatever case they are typed: who opens a case may not choose one. */
export const ownCaseRef = new RegExp(`^${numberPrefix.case}-\\d{4}-\\d+$`, 'i');

/** Keeps bank details and contacts out of the clear: see `Sealed`. */
export interface Sealer {
  seal(operatorBin: string, text: string): Promise<Sealed>;
  /** @throws when the key was erased. */
  open(sealed: Sealed): Promise<{ readonly text: string; readonly salt: string }>;
}

/** What only a read model knows; it is asked after the projections caught up. */
export interface CaseDirectory {
  casesOfOperator(bin: string): Promise<readonly Uuid[]>;
  /** Where an operator's cases in a region are that are neither closed nor merged. */
  livingCases(bin: string, region: string): Promise<readonly { readonly caseId: Uuid; readonly location: Location }[]>;
  /** Ids of cases with duties an order or a corrected calendar may reach, unmet ones and those met late, in a stable order. */
  casesWithObligations(filter: {
    readonly kinds?: readonly string[];
    readonly after?: Uuid;
    readonly limit: number;
  }): Promise<readonly Uuid[]>;
}

/** Everything a use case works with. */
export interface House {
  readonly writePath: WritePath;
  readonly lawBook: LawBook;
  readonly numbers: NumberSource;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly directory: CaseDirectory;
}

/** The injection token of `House` (an interface has none of its own). */
export const HOUSE = Symbol('House');
