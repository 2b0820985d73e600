import type { FilingVersion, ObligationStatus, Registration } from '#libs/domain';
import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';

/** What of a filing's version the overview is made of. Short names: a digest is rewritten with every fact of its case. */
export interface VersionDigest {
  readonly at: Instant;
  readonly on: PlainDate;
  readonly mw?: Decimal;
  readonly exp?: Decimal;
  readonly jobs?: number;
  readonly end?: PlainDate;
  /** Which of these it says itself; without it all, also that one is not declared. */
  readonly says?: readonly (typeof valueNames)[number][];
}

const valueNames = ['mw', 'exp', 'jobs', 'end'] as const;
/** What the facts call them. */
const names = { mw: 'powerMw', exp: 'expansionMw', jobs: 'jobs', end: 'activityEndedOn' } as const;

export interface FilingDigest {
  readonly id: Uuid;
  readonly kind: 'p' | 'q' | 't';
  readonly period?: Quarter;
  /** The document first, then its corrections and completions in the order of recording. */
  readonly v: readonly VersionDigest[];
  readonly back?: true;
}

export interface ObligationDigest {
  readonly id: Uuid;
  readonly kind: 'p' | 'q' | 't';
  readonly period?: Quarter;
  readonly due?: PlainDate;
  readonly s: ObligationStatus;
  readonly excused?: true;
  /** A miss is on record and was not rescinded. */
  readonly missed?: boolean;
}

export interface CaseDigest {
  /** In the order of recording. */
  readonly filings: readonly FilingDigest[];
  readonly entries: readonly {
    readonly id?: Uuid;
    readonly on: PlainDate;
    readonly at: Instant;
    readonly exp?: Decimal;
  }[];
  readonly obligations: readonly ObligationDigest[];
}

export const emptyDigest: CaseDigest = { filings: [], entries: [], obligations: [] };

export const kindLetter = { planned_construction: 'p', quarterly_reference: 'q', termination: 't' } as const;

/** The values of all three documents, as far as they concern the overview. */
export function versionDigest(
  { receivedAt, receivedOn }: Registration,
  values: object,
  stated?: readonly string[],
): VersionDigest {
  const { powerMw, expansionMw, jobs, activityEndedOn } = values as {
    readonly powerMw?: Decimal;
    readonly expansionMw?: Decimal;
    readonly jobs?: number;
    readonly activityEndedOn?: PlainDate;
  };
  return {
    at: receivedAt,
    on: receivedOn,
    ...(powerMw === undefined ? {} : { mw: powerMw }),
    ...(expansionMw === undefined ? {} : { exp: expansionMw }),
    ...(jobs === undefined ? {} : { jobs }),
    ...(activityEndedOn === undefined ? {} : { end: activityEndedOn }),
    ...(stated === undefined ? {} : { says: valueNames.filter((name) => stated.includes(names[name])) }),
  };
}

export function filingDigest(id: Uuid, versions: readonly FilingVersion[], takenBack: boolean): FilingDigest {
  const { values } = versions[0]!;
  return {
    id,
    kind: kindLetter[values.kind],
    ...(values.kind === 'quarterly_reference' ? { period: values.period } : {}),
    v: versions.map((version) => versionDigest(version.registration, version.values, version.stated)),
    ...(takenBack ? { back: true } : {}),
  };
}

/** The values in force: each as the last received says that says anything of it; of two received at once the later recorded. */
export function currentDigest({ v: [first, ...changes] }: FilingDigest): VersionDigest {
  let current = first!;
  for (const version of changes.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)))
    current =
      version.says === undefined
        ? version
        : {
            ...unsaid(current, version.says),
            ...said(version, version.says),
            // By when it was said an expansion potential is held against a commissioning entry's.
            ...(version.says.includes('exp') ? { at: version.at } : {}),
          };
  return current;
}

type ValueName = (typeof valueNames)[number];

const unsaid = (digest: VersionDigest, says: readonly ValueName[]): VersionDigest =>
  Object.fromEntries(
    Object.entries(digest).filter(([name]) => !says.includes(name as ValueName)),
  ) as unknown as VersionDigest;

const said = (digest: VersionDigest, says: readonly ValueName[]): Partial<VersionDigest> =>
  Object.fromEntries(says.flatMap((name) => (digest[name] === undefined ? [] : [[name, digest[name]]])));

export interface StandingFiling extends FilingDigest {
  readonly now: VersionDigest;
}

/** Filings that were not taken back, by receipt; ties in the order of recording. */
export const standingFilings = (digest: CaseDigest): StandingFiling[] =>
  digest.filings
    .filter((filing) => filing.back === undefined)
    .map((filing) => ({ ...filing, now: currentDigest(filing) }))
    .sort((a, b) => (a.v[0]!.at < b.v[0]!.at ? -1 : a.v[0]!.at > b.v[0]!.at ? 1 : 0));

/** The list with the one of that id changed; undefined when it is not there. What changes is mostly the latest. */
export function changedById<T extends { readonly id: Uuid }>(
  list: readonly T[],
  id: Uuid,
  change: Partial<T>,
): readonly T[] | undefined {
  const at = list.findLastIndex((one) => one.id === id);
  return at < 0 ? undefined : list.with(at, { ...list[at]!, ...change });
}
