import { canonicalJson, type Decimal, type Instant, type PlainDate, type Quarter, type Uuid } from '#libs/kernel';
import type { ObligationKind } from './deadline/index.js';
import type { Sealed } from './sealed.js';

/** The three documents of rules 3, 4 and 5 bear the name of the duty they answer. */
export type FilingKind = ObligationKind;

export interface Location {
  /** KATO, first two digits. */
  readonly region: string;
  readonly address: string;
}

/** How a document came in. Submitted, received, registered are never mixed; recorded is the fact's own `recordedAt`. */
export interface Registration {
  /** Its number in the incoming journal: the registry's own for paper, ours for electronic filings. */
  readonly journalNo: string;
  readonly channel: 'electronic' | 'paper';
  readonly submittedAt?: Instant;
  /** When it legally arrived. A bare paper stamp counts as noon of its day. */
  readonly receivedAt: Instant;
  /** The regulator's calendar day of `receivedAt`: what deadlines are judged by. */
  readonly receivedOn: PlainDate;
  /** `day`: only the day is known (a paper stamp). */
  readonly precision: 'instant' | 'day';
  /** Received on a non-working day, registered the next working one. */
  readonly registeredOn: PlainDate;
}

export interface PlannedConstructionValues {
  readonly powerMw?: Decimal;
  readonly expansionMw?: Decimal;
  readonly equipmentInvestmentKzt?: Decimal;
  /** IBAN and BIC as one canonical JSON text. */
  readonly bank?: Sealed;
  readonly designStartOn?: PlainDate;
  readonly decidedOn?: PlainDate;
}

export interface QuarterlyReferenceValues {
  readonly period: Quarter;
  readonly powerMw?: Decimal;
  readonly equipmentInvestmentKzt?: Decimal;
  readonly investmentPotentialKzt?: Decimal;
  readonly jobs?: number;
}

export interface TerminationValues {
  readonly activityEndedOn?: PlainDate;
}

export type FilingValues =
  | ({ readonly kind: 'planned_construction' } & PlannedConstructionValues)
  | ({ readonly kind: 'quarterly_reference' } & QuarterlyReferenceValues)
  | ({ readonly kind: 'termination' } & TerminationValues);

/** What rules 3 to 5 ask each document to say; an incomplete one is registered all the same and marked. */
export const neededValues: { readonly [K in FilingKind]: readonly string[] } = {
  planned_construction: ['powerMw', 'expansionMw', 'equipmentInvestmentKzt', 'bank'],
  quarterly_reference: ['powerMw', 'equipmentInvestmentKzt', 'investmentPotentialKzt', 'jobs'],
  termination: ['activityEndedOn'],
};

export const missingValues = (values: FilingValues): string[] =>
  neededValues[values.kind].filter((name) => (values as unknown as Record<string, unknown>)[name] === undefined);

/** Something an officer should look at; never a reason to refuse a document. */
export type FilingFlag =
  'duplicate' | 'before-period-end' | 'after-termination' | 'after-rules-abolished' | 'case-closed';

/** One state of a filing's values: as first filed, or after a correction or completion. */
export interface FilingVersion {
  /** The filing's own id for the first version, the correction's or completion's id for later ones. */
  readonly versionId: Uuid;
  readonly cause: 'filing' | 'correction' | 'completion';
  readonly registration: Registration;
  readonly location: Location;
  readonly values: FilingValues;
}

export interface BankDetails {
  readonly iban: string;
  readonly bic: string;
}

/** The text that is sealed. */
export const canonicalBank = ({ iban, bic }: BankDetails): string => canonicalJson({ bic, iban });
