import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { Deadline, ObligationKind } from '../deadline/index.js';
import type { FormerOperator } from './events.js';
import {
  byReceipt,
  type FilingKind,
  type FilingValues,
  type FilingVersion,
  type Location,
  type Registration,
} from '../filing.js';
import type { Sealed } from '../sealed.js';

export interface Filing {
  readonly filingId: Uuid;
  readonly kind: FilingKind;
  /** Whose document it is. */
  readonly filedBy: string;
  /** In the order of recording; the first is the document as it came. */
  readonly versions: readonly FilingVersion[];
  readonly takenBack?: { readonly receivedOn: PlainDate; readonly how: 'withdrawn' | 'annulled' };
  readonly missing: readonly string[];
  readonly annulmentProposal?: { readonly by: string; readonly reason: string };
  readonly documents: readonly string[];
  readonly absorbedFrom?: Uuid;
}

export interface Commissioning {
  /** Absent of entries that came by a merge before they were carried along. */
  readonly entryId?: Uuid;
  readonly commissionedOn: PlainDate;
  readonly expansionMw?: Decimal;
  readonly registration: Registration;
}

export type ObligationStatus = 'open' | 'met' | 'met_late' | 'missed' | 'undetermined' | 'excused' | 'void';

export interface Obligation {
  readonly obligationId: Uuid;
  readonly kind: ObligationKind;
  readonly period?: Quarter;
  readonly opensOn: PlainDate;
  readonly deadline: Deadline | null;
  readonly status: ObligationStatus;
  readonly historical: boolean;
  /** A miss is on record and was not rescinded; a late filing resolves it and never erases it. */
  readonly missed: boolean;
  readonly metBy?: { readonly filingId: Uuid; readonly receivedOn: PlainDate; readonly daysLate: number | null };
  readonly excuse?: { readonly orderNo: string; readonly reason: string };
}

interface Place {
  readonly location: Location;
  readonly on?: PlainDate;
}

export interface CaseFile {
  readonly caseId: Uuid;
  readonly caseRef: string;
  readonly operatorBin: string;
  /** In the order of recording. */
  readonly formerOperators: readonly FormerOperator[];
  /** Where it is by the last word of `places` in legal time. */
  readonly location: Location;
  /** Every word on where it is, in the order of recording; the first is of its opening. */
  readonly places: readonly Place[];
  readonly ruleSet: { readonly id: string; readonly hash: string };
  readonly filings: ReadonlyMap<Uuid, Filing>;
  readonly commissionings: readonly Commissioning[];
  readonly obligations: ReadonlyMap<Uuid, Obligation>;
}

export type CaseState =
  | { readonly situation: 'none' }
  | { readonly situation: 'active'; readonly file: CaseFile }
  | { readonly situation: 'closed'; readonly file: CaseFile }
  | { readonly situation: 'merged'; readonly file: CaseFile; readonly into: Uuid };

export const initialCase: CaseState = { situation: 'none' };

/** See `byReceipt`; only those received by the end of day `asOf`. */
export const versionsByReceipt = (filing: Filing, asOf?: PlainDate): readonly FilingVersion[] =>
  byReceipt(filing.versions).filter((version) => asOf === undefined || version.registration.receivedOn <= asOf);

/** The values in force (on day `asOf`, by day of receipt); undefined when the filing had not come by then. */
export const currentVersion = (filing: Filing, asOf?: PlainDate): FilingVersion | undefined =>
  versionsByReceipt(filing, asOf).at(-1);

export const latestRecordedVersion = (filing: Filing): FilingVersion => filing.versions.at(-1)!;

/** Whose the case was on the day, in legal time: paper that came before a transfer, and a duty due before it, are the former operator's. */
export const operatorOn = (
  { operatorBin, formerOperators }: Pick<CaseFile, 'operatorBin' | 'formerOperators'>,
  day: PlainDate,
): string => formerOperators.find(({ until }) => day < until)?.bin ?? operatorBin;

/** Who had, or has, to keep a duty: whose the case was on its due day, or when its term began if that cannot be determined. */
export const ownerOfDuty = (
  file: Pick<CaseFile, 'operatorBin' | 'formerOperators'>,
  { deadline, opensOn }: Pick<Obligation, 'deadline' | 'opensOn'>,
): string => operatorOn(file, deadline?.dueOn ?? opensOn);

/** Where the centre was on the day, as far as documents and officers have said; without a day, where it is. */
export function placeOn({ places }: Pick<CaseFile, 'places'>, day?: PlainDate): Location {
  let found = places[0]!;
  for (const place of places)
    if (place.on !== undefined && (day === undefined || place.on <= day) && supersedesLocation(found.on, place.on))
      found = place;
  return found.location;
}

/** The account in force, and whose document says it. */
export function bankAccountOf(filing: Filing): { readonly bank: Sealed; readonly filedBy: string } | undefined {
  let found: { readonly bank: Sealed; readonly filedBy: string } | undefined;
  for (const { values, stated, filedBy = filing.filedBy } of versionsByReceipt(filing)) {
    if (stated && !stated.includes('bank')) continue;
    found = values.kind === 'planned_construction' && values.bank ? { bank: values.bank, filedBy } : undefined;
  }
  return found;
}

export const periodOf = (values: FilingValues): Quarter | undefined =>
  values.kind === 'quarterly_reference' ? values.period : undefined;

/** Whether the filing stands on day `asOf`: received by then and not taken back by then. */
export const stands = (filing: Filing, asOf?: PlainDate): boolean =>
  asOf === undefined
    ? filing.takenBack === undefined
    : filing.versions[0]!.registration.receivedOn <= asOf &&
      (filing.takenBack === undefined || filing.takenBack.receivedOn > asOf);

/** Filings in the order of their receipt, ties in the order of recording. */
export const filingsByReceipt = (file: CaseFile): readonly Filing[] =>
  [...file.filings.values()].sort((a, b) => {
    const [one, other] = [a, b].map(({ versions }) => versions[0]!.registration.receivedAt) as [Instant, Instant];
    return one < other ? -1 : one > other ? 1 : 0;
  });

/** Planned until an officer's commissioning entry or a first quarterly reference makes it existing; then until mining ended. */
export function centreStage(file: CaseFile): 'planned' | 'existing' | 'terminated' {
  if (endOfMining(file) !== undefined) return 'terminated';
  const existing =
    file.commissionings.length > 0 ||
    [...file.filings.values()].some((filing) => filing.kind === 'quarterly_reference' && stands(filing));
  return existing ? 'existing' : 'planned';
}

/** The day mining ended by the first standing termination that names one. */
export function endOfMining(file: CaseFile, asOf?: PlainDate): PlainDate | undefined {
  for (const filing of filingsByReceipt(file)) {
    if (filing.kind !== 'termination' || !stands(filing, asOf)) continue;
    const values = currentVersion(filing, asOf)?.values;
    if (values?.kind === 'termination' && values.activityEndedOn) return values.activityEndedOn;
  }
  return undefined;
}

/** Whether a word on the centre's place of day `on` replaces the one of day `known`; of one day, the later recorded does. */
export const supersedesLocation = (known: PlainDate | null | undefined, on: PlainDate): boolean =>
  known == null || on >= known;
