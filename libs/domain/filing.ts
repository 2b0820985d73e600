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

/** Whether two documents mean one place: addresses are typed by hand, so only their letters and digits are compared. */
export const isSamePlace = (one: Location, other: Location): boolean =>
  one.region === other.region && bareAddress(one) === bareAddress(other);

const bareAddress = ({ address }: Location): string =>
  address
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]/gu, '');

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
  'duplicate' | 'same-centre' | 'before-period-end' | 'after-termination' | 'after-rules-abolished' | 'case-closed';

/** One state of a filing's values: as first filed, or after a correction or completion. */
export interface FilingVersion {
  /** The filing's own id for the first version, the correction's or completion's id for later ones. */
  readonly versionId: Uuid;
  readonly cause: 'filing' | 'correction' | 'completion';
  readonly registration: Registration;
  readonly location: Location;
  /** As they stand with it, once all that was received before it is known. */
  readonly values: FilingValues;
  /** Names of what it says itself, `location` among them; the rest is as those received before it left it. Without it: all. */
  readonly stated?: readonly string[];
  /** Whose document it is, when that is not who filed the first version. */
  readonly filedBy?: string;
  /** The case it was recorded in, and its notice issued for, when it came here by a merge. */
  readonly recordedIn?: Uuid;
}

interface Version {
  readonly registration: { readonly receivedAt: Instant };
  readonly location: Location;
  readonly values: object;
  readonly stated?: readonly string[];
}

/** The document itself first, then what changed it in order of receipt (a stable sort: ties keep the order of recording). */
export function byReceipt<V extends Pick<Version, 'registration'>>([original, ...changes]: readonly V[]): V[] {
  const at = ({ registration }: V) => registration.receivedAt;
  return [original!, ...changes.sort((a, b) => (at(a) < at(b) ? -1 : at(a) > at(b) ? 1 : 0))];
}

/**
 * Versions in the order of recording, each with what stands with it. One that comes late takes its place in legal time: what
 * those received after it do not say themselves is as it says.
 */
export function settledVersions<V extends Version>(versions: readonly V[]): readonly V[] {
  if (versions.every(({ stated }) => stated === undefined)) return versions;
  const settled = new Map<V, V>();
  let before: V | undefined;
  for (const version of byReceipt(versions)) {
    const after = before && version.stated ? { ...version, ...over(before, version, version.stated) } : version;
    settled.set(version, after);
    before = after;
  }
  return versions.map((version) => settled.get(version)!);
}

function over(before: Version, { location, values }: Version, stated: readonly string[]) {
  const left = Object.entries(before.values).filter(([name]) => !stated.includes(name));
  const said = Object.entries(values).filter(([name]) => stated.includes(name));
  return {
    location: stated.includes('location') ? location : before.location,
    values: Object.fromEntries([...left, ...said]) as never,
  };
}

export interface BankDetails {
  readonly iban: string;
  readonly bic: string;
}

/** The text that is sealed. */
export const canonicalBank = ({ iban, bic }: BankDetails): string => canonicalJson({ bic, iban });
