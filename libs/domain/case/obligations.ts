import {
  addDays,
  dayAt,
  daysBetween,
  derivedId,
  firstDayOf,
  later,
  nextQuarter,
  quarterOf,
  startOfDay,
} from '#libs/kernel';
import type { Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { OrderedExtension, Outage } from '../authority/events.js';
import {
  extendDeadline,
  nextWorkingDay,
  plannedConstructionDeadline,
  quarterlyDeadline,
  terminationDeadline,
  type Calendar,
  type Deadline,
  type ObligationKind,
  type RuleSet,
} from '../deadline/index.js';
import {
  currentVersion,
  endOfMining,
  filingsByReceipt,
  stands,
  type CaseFile,
  type Filing,
  type Obligation,
  type ObligationStatus,
} from './state.js';

/** Everything outside the case that its duties depend on. */
export interface Circumstances {
  readonly rules: RuleSet;
  readonly calendar: Calendar;
  readonly extensions: readonly OrderedExtension[];
  readonly outages: readonly Outage[];
}

/** A moment of judgement: `day` is the regulator's day of `at`; for "as of the end of a day" `at` is its 24:00. */
export interface AsOf {
  readonly day: PlainDate;
  readonly at: Instant;
}

export interface AssessedObligation {
  readonly obligationId: Uuid;
  readonly kind: ObligationKind;
  readonly period?: Quarter;
  readonly opensOn: PlainDate;
  readonly deadline: Deadline | null;
  readonly status: Exclude<ObligationStatus, 'void'>;
  readonly metBy?: { readonly filing: Filing; readonly receivedOn: PlainDate; readonly daysLate: number | null };
}

export const obligationIdOf = (caseId: Uuid, kind: ObligationKind, period?: Quarter): Uuid =>
  derivedId(caseId, `obligation/${kind}/${period ?? ''}`);

/**
 * The one place where it is decided whether a duty exists, when it is due, and whether it was kept: from the legal facts
 * of the case that had been received by `asOf`, whatever the order in which they were recorded.
 */
export function assessObligations(file: CaseFile, circumstances: Circumstances, asOf: AsOf): AssessedObligation[] {
  const { rules } = circumstances;
  const standing = filingsByReceipt(file).filter((filing) => stands(filing, asOf.day));
  const assessed: AssessedObligation[] = [];

  const appeal = standing.find((filing) => filing.kind === 'planned_construction');
  if (appeal && dutyCanArise(rules, receivedOn(appeal))) {
    const values = currentVersion(appeal, asOf.day)!.values;
    const trigger =
      values.kind === 'planned_construction'
        ? { designStartOn: values.designStartOn, decidedOn: values.decidedOn }
        : {};
    assessed.push(
      judge(file, circumstances, asOf, 'planned_construction', undefined, receivedOn(appeal), appeal, (calendar) =>
        plannedConstructionDeadline(rules, calendar, trigger),
      ),
    );
  }

  const existsFrom = beginningOfExistence(file, standing, asOf.day);
  const endedOn = endOfMining(file, asOf.day);
  if (existsFrom !== undefined) {
    let period = quarterOf(existsFrom);
    if (period < rules.firstPeriod) period = rules.firstPeriod;
    for (; ; period = nextQuarter(period)) {
      const opensOn = firstDayOf(nextQuarter(period));
      if (opensOn > asOf.day || !dutyCanArise(rules, opensOn)) break;
      if (endedOn !== undefined && pastEndOfMining(rules, period, endedOn)) break;
      const current = period;
      const meets = standing.find((filing) => isReferenceFor(filing, current));
      assessed.push(
        judge(file, circumstances, asOf, 'quarterly_reference', current, opensOn, meets, (calendar) =>
          quarterlyDeadline(rules, calendar, current),
        ),
      );
    }
  }

  const termination = standing.find((filing) => filing.kind === 'termination');
  if (termination && dutyCanArise(rules, endedOn ?? receivedOn(termination))) {
    assessed.push(
      judge(
        file,
        circumstances,
        asOf,
        'termination',
        undefined,
        endedOn ? addDays(endedOn, 1) : receivedOn(termination),
        termination,
        (calendar) => (endedOn ? terminationDeadline(rules, calendar, endedOn) : undefined),
      ),
    );
  }
  return assessed;
}

/** After the last day of a rule set no new duty arises; open ones stay. */
const dutyCanArise = (rules: RuleSet, day: PlainDate) => rules.inForce.to === undefined || day <= rules.inForce.to;

const receivedOn = (filing: Filing) => filing.versions[0]!.registration.receivedOn;

const isReferenceFor = (filing: Filing, period: Quarter) => {
  const values = filing.versions[0]!.values;
  return values.kind === 'quarterly_reference' && values.period === period;
};

function pastEndOfMining(rules: RuleSet, period: Quarter, endedOn: PlainDate): boolean {
  const last = quarterOf(endedOn);
  return rules.quarterlyReference.brokenLastQuarter === 'owed' ? period > last : period >= last;
}

/** A centre exists from the earlier of its commissioning and the first day of the earliest quarter it filed for. */
function beginningOfExistence(file: CaseFile, standing: readonly Filing[], asOf: PlainDate): PlainDate | undefined {
  let from: PlainDate | undefined;
  const consider = (day: PlainDate) => {
    if (from === undefined || day < from) from = day;
  };
  for (const entry of file.commissionings) if (entry.registration.receivedOn <= asOf) consider(entry.commissionedOn);
  for (const filing of standing) {
    const values = filing.versions[0]!.values;
    if (values.kind === 'quarterly_reference') consider(firstDayOf(values.period));
  }
  return from;
}

function judge(
  file: CaseFile,
  circumstances: Circumstances,
  asOf: AsOf,
  kind: ObligationKind,
  period: Quarter | undefined,
  opensOn: PlainDate,
  filing: Filing | undefined,
  compute: (calendar: Calendar) => Deadline | undefined,
): AssessedObligation {
  const { rules } = circumstances;
  const obligationId = obligationIdOf(file.caseId, kind, period);
  const recorded = file.obligations.get(obligationId);
  const deadline = deadlineFor(file, circumstances, kind, period, recorded, filing, compute(circumstances.calendar));
  const base = { obligationId, kind, ...(period ? { period } : {}), opensOn, deadline };

  if (filing === undefined) {
    if (recorded?.excuse) return { ...base, status: 'excused' };
    const over = deadline !== null && asOf.at >= deadline.endsAt;
    return { ...base, status: over ? 'missed' : 'open' };
  }
  const received = receivedOn(filing);
  if (deadline === null)
    return { ...base, status: 'undetermined', metBy: { filing, receivedOn: received, daysLate: null } };
  const late = dayAt(filing.versions[0]!.registration.receivedAt, rules.zone) > deadline.dueOn;
  const daysLate = late ? daysBetween(deadline.dueOn, received) : 0;
  const status = !late ? 'met' : recorded?.excuse ? 'excused' : 'met_late';
  return { ...base, status, metBy: { filing, receivedOn: received, daysLate } };
}

/**
 * Closed obligations keep the deadline they were judged by, unless the day that triggered it was itself corrected: a
 * calendar that is corrected afterwards does not rewrite them. An order reaches what was received on its day or later and
 * nothing before, whenever either was typed, so one that is put on record late may still excuse a lateness; as may an
 * outage of ours, which is always recorded when it is over.
 */
function deadlineFor(
  file: CaseFile,
  circumstances: Circumstances,
  kind: ObligationKind,
  period: Quarter | undefined,
  recorded: Obligation | undefined,
  filing: Filing | undefined,
  computed: Deadline | undefined,
): Deadline | null {
  if (computed === undefined) return null;
  const kept = recorded?.metBy !== undefined && recorded.metBy.filingId === filing?.filingId ? recorded.deadline : null;
  if (kept && kept.trace.trigger.on === computed.trace.trigger.on)
    return receivedOn(filing!) > kept.dueOn ? extended(file, circumstances, kind, period, filing, kept) : kept;
  return extended(file, circumstances, kind, period, filing, computed);
}

/** What orders and our own outages make of a deadline; an order that is not later than it changes nothing. */
function extended(
  file: CaseFile,
  circumstances: Circumstances,
  kind: ObligationKind,
  period: Quarter | undefined,
  filing: Filing | undefined,
  start: Deadline,
): Deadline {
  let deadline = start;
  for (const order of circumstances.extensions) {
    const { scope } = order;
    if (scope.kind !== kind) continue;
    if (filing && receivedOn(filing) < order.orderedOn) continue;
    if (scope.periods && !(period && scope.periods.includes(period))) continue;
    if (scope.regions && !scope.regions.includes(file.location.region)) continue;
    const { orderNo: orderId, reason, dueOn } = order;
    deadline = extendDeadline(deadline, { orderId, reason, dueOn }, circumstances.rules.zone);
  }
  return afterOutages(deadline, circumstances);
}

/** An outage excuses only who could have filed but for it: it must touch the last day. Taken until none touches any more. */
function afterOutages(deadline: Deadline, { rules, calendar, outages }: Circumstances): Deadline {
  const touching = outages.find(
    (outage) => outage.from < deadline.endsAt && outage.to > startOfDay(deadline.dueOn, rules.zone),
  );
  if (!touching) return deadline;
  const dueOn = nextWorkingDay(calendar, addDays(later(deadline.dueOn, dayAt(touching.to, rules.zone)), 1));
  const { outageId, reason } = touching;
  const extended = extendDeadline(deadline, { orderId: `outage ${outageId}`, reason, dueOn }, rules.zone);
  return afterOutages(extended, { rules, calendar, outages, extensions: [] });
}
