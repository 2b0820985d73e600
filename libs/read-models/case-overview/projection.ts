import { caseStream, caseWorkStream, type ObligationStatus, type RuleSet } from '#libs/domain';
import {
  firstDayOf,
  nextQuarter,
  quarterOf,
  startOfDay,
  type Instant,
  type Quarter,
  type PlainDate,
  type Uuid,
} from '#libs/kernel';
import { headerAfter } from '../case-header.js';
import type { Projection, ProjectionContext } from '../engine/projection.js';
import { streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import {
  changedById,
  emptyDigest,
  filingDigest,
  kindLetter,
  standingFilings,
  versionDigest,
  type CaseDigest,
  type FilingDigest,
  type ObligationDigest,
  type StandingFiling,
} from './digest.js';
import { caseOverviewTable, type CaseOverviewRow } from './row.js';

export function caseOverviewProjection({ rules, zone }: ProjectionContext): Projection {
  return {
    readModel: 'cases',
    tables: [caseOverviewTable],
    feeds: feedsOf('cases'),
    unitsOf: (fact) => [streamKey(fact.stream)],
    streamsOf: (unit) => [caseStream(unit as Uuid), caseWorkStream(unit as Uuid)],
    apply(rows, fact) {
      const before = rows.get(caseOverviewTable, '');
      if (fact.type === 'CaseOpened') {
        rows.put(caseOverviewTable, '', openedCase(fact.data));
        return;
      }
      if (before === undefined) throw new Error(`${fact.type} before CaseOpened`);
      const digest = digestAfter(before.digest, fact);
      const situation = situationAfter(fact);
      const moved = headerAfter(before, fact);
      const row = situation === undefined ? { ...moved, digest } : { ...moved, ...situation, digest };
      rows.put(caseOverviewTable, '', row);
    },
    settle(_, row) {
      const overview = row as CaseOverviewRow;
      return { ...overview, ...derived(overview, (id) => rules.ruleSet(id), zone) };
    },
  };
}

const openedCase = (data: Extract<DomainFact, { type: 'CaseOpened' }>['data']): CaseOverviewRow => ({
  caseId: data.caseId,
  caseRef: data.caseRef,
  operatorBin: data.operatorBin,
  region: data.location.region,
  address: data.location.address,
  formerOperators: [],
  locatedOn: null,
  ruleSetId: data.ruleSet.id,
  stage: 'planned',
  situation: 'active',
  mergedInto: null,
  openedOn: data.openedOn,
  powerMw: null,
  powerFilingId: null,
  expansionMw: null,
  expansionFilingId: null,
  jobs: null,
  jobsFilingId: null,
  openObligations: 0,
  missedObligations: 0,
  nextDueOn: null,
  assignee: null,
  lastFilingOn: null,
  nextStepAt: null,
  digest: emptyDigest,
});

function situationAfter(fact: DomainFact): Partial<CaseOverviewRow> | undefined {
  switch (fact.type) {
    case 'CaseMerged':
      return { situation: 'merged', mergedInto: fact.data.intoCaseId };
    case 'CaseClosed':
      return { situation: 'closed' };
    case 'CaseReopened':
      return { situation: 'active' };
    case 'CaseAssigned':
      return { assignee: fact.data.assignee };
    default:
      return undefined;
  }
}

function digestAfter(digest: CaseDigest, fact: DomainFact): CaseDigest {
  const withFiling = (filing: FilingDigest): CaseDigest => ({ ...digest, filings: [...digest.filings, filing] });
  const changeFiling = (id: Uuid, change: (filing: FilingDigest) => Partial<FilingDigest>): CaseDigest => {
    const known = digest.filings.find((filing) => filing.id === id);
    if (known === undefined) throw new Error(`${fact.type} of a filing that is not in the case`);
    return { ...digest, filings: changedById(digest.filings, id, change(known))! };
  };
  const withObligation = (id: Uuid, change: Partial<ObligationDigest>): CaseDigest => {
    const obligations = changedById(digest.obligations, id, change);
    if (obligations === undefined) throw new Error(`${fact.type} of an obligation that was never opened`);
    return { ...digest, obligations };
  };
  switch (fact.type) {
    case 'PlannedConstructionFiled':
    case 'TerminationFiled': {
      const kind = fact.type === 'TerminationFiled' ? 't' : 'p';
      const { filingId: id, registration, values } = fact.data;
      return withFiling({ id, kind, v: [versionDigest(registration, values)] });
    }
    case 'QuarterlyReferenceFiled': {
      const { filingId, registration, values } = fact.data;
      return withFiling({ id: filingId, kind: 'q', period: values.period, v: [versionDigest(registration, values)] });
    }
    case 'FilingCorrected':
    case 'FilingCompleted': {
      const version = versionDigest(fact.data.registration, fact.data.values, fact.data.stated);
      return changeFiling(fact.data.filingId, ({ v }) => ({ v: [...v, version] }));
    }
    case 'FilingWithdrawn':
    case 'FilingAnnulled':
      return changeFiling(fact.data.filingId, () => ({ back: true }));
    case 'DataCenterCommissioned': {
      const { entryId: id, commissionedOn: on, registration, expansionMw } = fact.data;
      const entry = { id, on, at: registration.receivedAt, ...(expansionMw === undefined ? {} : { exp: expansionMw }) };
      return { ...digest, entries: [...digest.entries, entry] };
    }
    case 'CommissioningWithdrawn':
      return { ...digest, entries: withoutEntry(digest.entries, fact.data) };
    case 'CaseAbsorbed': {
      const absorbed = fact.data.filings.map(({ filingId, versions, takenBack }) =>
        filingDigest(filingId, versions, takenBack !== undefined),
      );
      const entries = fact.data.commissionings.map((one) => ({
        ...(one.entryId ? { id: one.entryId } : {}),
        on: one.commissionedOn,
        at: one.registration.receivedAt,
        ...(one.expansionMw === undefined ? {} : { exp: one.expansionMw }),
      }));
      const filings = [...digest.filings, ...absorbed];
      return { ...digest, filings, entries: [...digest.entries, ...entries] };
    }
    case 'ObligationOpened': {
      const { obligationId, kind, period, deadline } = fact.data;
      const one: ObligationDigest = {
        id: obligationId,
        kind: kindLetter[kind],
        ...(period === undefined ? {} : { period }),
        ...(deadline === null ? {} : { due: deadline.dueOn }),
        s: deadline === null ? 'undetermined' : 'open',
      };
      return { ...digest, obligations: [...digest.obligations, one] };
    }
    case 'ObligationMet': {
      const { obligationId, late } = fact.data;
      const excused = digest.obligations.some(({ id, excused: by }) => id === obligationId && by === true);
      const s: ObligationStatus = late === null ? 'undetermined' : !late ? 'met' : excused ? 'excused' : 'met_late';
      return withObligation(obligationId, { s });
    }
    case 'ObligationMissed':
      return withObligation(fact.data.obligationId, { s: 'missed', missed: true });
    case 'MissRescinded':
      return withObligation(fact.data.obligationId, { s: 'open', missed: false });
    case 'ObligationReopened': {
      const { obligationId } = fact.data;
      const known = digest.obligations.find((one) => one.id === obligationId);
      return withObligation(obligationId, { s: known?.excused ? 'excused' : known?.missed ? 'missed' : 'open' });
    }
    case 'ObligationVoided':
      return withObligation(fact.data.obligationId, { s: 'void' });
    case 'ObligationExcused':
      return withObligation(fact.data.obligationId, { s: 'excused', excused: true });
    case 'DeadlineRevised': {
      const { obligationId, deadline } = fact.data;
      return withObligation(obligationId, { due: deadline?.dueOn });
    }
    default:
      return digest;
  }
}

/** One entry; one from before they had their ids is known by its day. */
function withoutEntry(
  entries: CaseDigest['entries'],
  { entryId, commissionedOn }: { readonly entryId: Uuid; readonly commissionedOn: PlainDate },
): CaseDigest['entries'] {
  const byId = entries.findIndex(({ id }) => id === entryId);
  const at = byId >= 0 ? byId : entries.findIndex(({ id, on }) => id === undefined && on === commissionedOn);
  return at < 0 ? entries : entries.toSpliced(at, 1);
}

function derived(row: CaseOverviewRow, ruleSet: (id: string) => RuleSet, zone: string): Partial<CaseOverviewRow> {
  const { digest } = row;
  const standing = standingFilings(digest);
  const ended = standing.find(({ kind, now }) => kind === 't' && now.end !== undefined)?.now.end;
  const references = standing.filter(({ kind }) => kind === 'q').sort(byPeriod);
  const exists = digest.entries.length > 0 || references.length > 0;
  const stage = ended !== undefined ? 'terminated' : exists ? 'existing' : 'planned';
  const power =
    references.findLast(({ now }) => now.mw !== undefined) ??
    standing.findLast(({ kind, now }) => kind === 'p' && now.mw !== undefined);
  const jobs = references.findLast(({ now }) => now.jobs !== undefined);
  const { obligations } = digest;
  let nextDueOn: CaseOverviewRow['nextDueOn'] = null;
  for (const { s, due } of obligations)
    if (s === 'open' && due !== undefined && (nextDueOn === null || due < nextDueOn)) nextDueOn = due;
  const opening =
    row.situation !== 'merged' && exists ? nextOpening(row, references, ended, ruleSet(row.ruleSetId)) : undefined;
  return {
    stage,
    powerMw: power?.now.mw ?? null,
    powerFilingId: power?.id ?? null,
    ...expansion(digest, standing),
    jobs: jobs?.now.jobs ?? null,
    jobsFilingId: jobs?.id ?? null,
    openObligations: obligations.filter(({ s }) => s === 'open').length,
    missedObligations: obligations.filter(({ s }) => s === 'missed').length,
    nextDueOn,
    lastFilingOn: standing.at(-1)?.v[0]!.on ?? null,
    nextStepAt: opening === undefined ? null : startOfDay(opening, zone),
  };
}

/** A late filing for an older quarter does not become the latest word; of two for one quarter the later received does. */
const byPeriod = (a: StandingFiling, b: StandingFiling) => (a.period! < b.period! ? -1 : a.period! > b.period! ? 1 : 0);

/** The expansion potential last declared, by receipt, in an appeal or a commissioning entry. */
function expansion(digest: CaseDigest, standing: readonly StandingFiling[]): Partial<CaseOverviewRow> {
  let at: Instant | undefined;
  let found: Pick<CaseOverviewRow, 'expansionMw' | 'expansionFilingId'> = {
    expansionMw: null,
    expansionFilingId: null,
  };
  const consider = (
    one: { readonly at: Instant; readonly exp?: typeof found.expansionMw & string },
    id: Uuid | null,
  ) => {
    if (one.exp === undefined || (at !== undefined && one.at < at)) return;
    at = one.at;
    found = { expansionMw: one.exp, expansionFilingId: id };
  };
  for (const entry of digest.entries) consider(entry, null);
  for (const filing of standing) if (filing.kind === 'p') consider(filing.now, filing.id);
  return found;
}

/**
 * The first day of the next quarterly obligation that is not open yet. After the end of mining the broken last quarter
 * is still owed (a parameter of the rule set), so its opening is waited for too.
 */
function nextOpening(
  row: CaseOverviewRow,
  references: readonly StandingFiling[],
  ended: CaseOverviewRow['nextDueOn'] | undefined,
  rules: RuleSet,
) {
  const { digest } = row;
  let last: Quarter | undefined;
  for (const { kind, period } of digest.obligations)
    if (kind === 'q' && period !== undefined && (last === undefined || period > last)) last = period;
  const starts = [...digest.entries.map(({ on }) => quarterOf(on)), ...references.map(({ period }) => period!)].sort();
  const begin = starts[0]! < rules.firstPeriod ? rules.firstPeriod : starts[0]!;
  const period = last === undefined || nextQuarter(last) < begin ? begin : nextQuarter(last);
  const opensOn = firstDayOf(nextQuarter(period));
  if (rules.inForce.to !== undefined && opensOn > rules.inForce.to) return undefined;
  if (ended != null) {
    const lastOwed = quarterOf(ended);
    if (rules.quarterlyReference.brokenLastQuarter === 'owed' ? period > lastOwed : period >= lastOwed)
      return undefined;
  }
  return opensOn;
}
