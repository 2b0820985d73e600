import { caseStream, caseWorkStream, type ObligationStatus, type RuleSet } from '#libs/domain';
import { firstDayOf, nextQuarter, quarterOf, startOfDay, type Instant, type Quarter, type Uuid } from '#libs/kernel';
import { headerAfter, headerOfOpened } from '../case-header.js';
import type { Projection, ProjectionContext } from '../engine/projection.js';
import { streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import {
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
      const moved = { ...headerAfter(before, fact), ...situationAfter(fact), digest };
      const row =
        digest === before.digest && moved.situation === before.situation
          ? moved
          : { ...moved, ...derived(moved, (id) => rules.ruleSet(id), zone) };
      rows.put(caseOverviewTable, '', row);
    },
  };
}

const openedCase = (data: Extract<DomainFact, { type: 'CaseOpened' }>['data']): CaseOverviewRow => ({
  ...headerOfOpened(data),
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

function situationAfter(fact: DomainFact): Partial<CaseOverviewRow> {
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
      return {};
  }
}

function digestAfter(digest: CaseDigest, fact: DomainFact): CaseDigest {
  const withFiling = (filingId: Uuid, filing: FilingDigest): CaseDigest => ({
    ...digest,
    filings: { ...digest.filings, [filingId]: filing },
  });
  const filing = (filingId: Uuid): FilingDigest => {
    const known = digest.filings[filingId];
    if (known === undefined) throw new Error(`${fact.type} of a filing that is not in the case`);
    return known;
  };
  const withObligation = (obligationId: Uuid, change: Partial<ObligationDigest>): CaseDigest => {
    const known = digest.obligations[obligationId];
    if (known === undefined) throw new Error(`${fact.type} of an obligation that was never opened`);
    return { ...digest, obligations: { ...digest.obligations, [obligationId]: { ...known, ...change } } };
  };
  switch (fact.type) {
    case 'PlannedConstructionFiled':
    case 'TerminationFiled': {
      const kind = fact.type === 'TerminationFiled' ? 't' : 'p';
      return withFiling(fact.data.filingId, { kind, v: [versionDigest(fact.data.registration, fact.data.values)] });
    }
    case 'QuarterlyReferenceFiled': {
      const { filingId, registration, values } = fact.data;
      return withFiling(filingId, { kind: 'q', period: values.period, v: [versionDigest(registration, values)] });
    }
    case 'FilingCorrected':
    case 'FilingCompleted': {
      const known = filing(fact.data.filingId);
      const version = versionDigest(fact.data.registration, fact.data.values);
      return withFiling(fact.data.filingId, { ...known, v: [...known.v, version] });
    }
    case 'FilingWithdrawn':
    case 'FilingAnnulled':
      return withFiling(fact.data.filingId, { ...filing(fact.data.filingId), back: true });
    case 'DataCenterCommissioned': {
      const { commissionedOn: on, registration, expansionMw } = fact.data;
      const entry = { on, at: registration.receivedAt, ...(expansionMw === undefined ? {} : { exp: expansionMw }) };
      return { ...digest, entries: [...digest.entries, entry] };
    }
    case 'CaseAbsorbed': {
      const filings = { ...digest.filings };
      for (const one of fact.data.filings)
        filings[one.filingId] = filingDigest(one.versions, one.takenBack !== undefined);
      const entries = fact.data.commissionings.map((one) => ({
        on: one.commissionedOn,
        at: one.registration.receivedAt,
      }));
      return { ...digest, filings, entries: [...digest.entries, ...entries] };
    }
    case 'ObligationOpened': {
      const { obligationId, kind, period, deadline } = fact.data;
      const one: ObligationDigest = {
        kind: kindLetter[kind],
        ...(period === undefined ? {} : { period }),
        ...(deadline === null ? {} : { due: deadline.dueOn }),
        s: deadline === null ? 'undetermined' : 'open',
      };
      return { ...digest, obligations: { ...digest.obligations, [obligationId]: one } };
    }
    case 'ObligationMet': {
      const { obligationId, late } = fact.data;
      const excused = digest.obligations[obligationId]?.excused === true;
      const s: ObligationStatus = late === null ? 'undetermined' : !late ? 'met' : excused ? 'excused' : 'met_late';
      return withObligation(obligationId, { s });
    }
    case 'ObligationMissed':
      return withObligation(fact.data.obligationId, { s: 'missed', missed: true });
    case 'MissRescinded':
      return withObligation(fact.data.obligationId, { s: 'open', missed: false });
    case 'ObligationReopened': {
      const { obligationId } = fact.data;
      return withObligation(obligationId, { s: digest.obligations[obligationId]?.missed ? 'missed' : 'open' });
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
  const obligations = Object.values(digest.obligations);
  let nextDueOn: CaseOverviewRow['nextDueOn'] = null;
  for (const { s, due } of obligations)
    if (s === 'open' && due !== undefined && (nextDueOn === null || due < nextDueOn)) nextDueOn = due;
  const opening =
    row.situation === 'active' && exists ? nextOpening(row, references, ended, ruleSet(row.ruleSetId)) : undefined;
  return {
    stage,
    powerMw: power?.now.mw ?? null,
    powerFilingId: power?.filingId ?? null,
    ...expansion(digest, standing),
    jobs: jobs?.now.jobs ?? null,
    jobsFilingId: jobs?.filingId ?? null,
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
  for (const filing of standing) if (filing.kind === 'p') consider(filing.now, filing.filingId);
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
  for (const { kind, period } of Object.values(digest.obligations))
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
