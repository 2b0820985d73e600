import { addDays, endOfDay, type Instant, type PlainDate, type Quarter, type Zone } from '#libs/kernel';
import {
  isComputedDay,
  longestRunOfDaysOff,
  nonWorkingReason,
  type Calendar,
  type NonWorkingReason,
} from './calendar.js';
import type { Roll, RuleSet } from './rule-set.js';

/** The last day of a term. `nominalOn` is as counted, `dueOn` after rolling; `endsAt` is 24:00 of `dueOn`. */
export interface Deadline {
  readonly nominalOn: PlainDate;
  readonly dueOn: PlainDate;
  /** The first instant that is too late. */
  readonly endsAt: Instant;
  readonly trace: DeadlineTrace;
}

/** What the term hangs on. */
export type TriggerKind = 'design_start' | 'decision' | 'quarter_end' | 'activity_end' | 'receipt';

export type TermLength =
  | { readonly days: number; readonly counted: 'forward' | 'back' }
  | { readonly byDay: number; readonly dayItselfCounts: boolean };

export interface SkippedDay {
  readonly on: PlainDate;
  readonly kind: NonWorkingReason['kind'];
  readonly name: string;
  readonly computed?: true;
}

export interface ExtensionOrder {
  readonly orderId: string;
  readonly reason: string;
  readonly dueOn: PlainDate;
}

/** How the date was found. Plain JSON, stored with the obligation; explains itself without re-running anything. */
export interface DeadlineTrace {
  readonly ruleSet: { readonly id: string; readonly hash: string; readonly citation: string };
  readonly clause: '3' | '4' | '5' | '6';
  /** Which of the possible readings of the clause was used. */
  readonly reading: string;
  readonly trigger: { readonly what: TriggerKind; readonly on: PlainDate; readonly period?: Quarter };
  readonly length: TermLength;
  /** Day 1 of a counted term (the day before the trigger when counted back); absent for "by the tenth". */
  readonly firstDay?: PlainDate;
  readonly nominalOn: PlainDate;
  /** The non-working days stepped over, in order, the nominal day first. */
  readonly skipped: readonly SkippedDay[];
  readonly roll: Roll;
  readonly dueOn: PlainDate;
  readonly zone: Zone;
  readonly endsAt: Instant;
  /** `computed`: at least one of the days looked at was not read from a decree. */
  readonly calendar: { readonly id: string; readonly version: string; readonly computed?: true };
  /** The order that moved the due day, and from which day. */
  readonly extendedBy?: ExtensionOrder & { readonly insteadOf: PlainDate };
  /** Orders that had moved it before, first to last. */
  readonly earlierExtensions?: readonly (ExtensionOrder & { readonly insteadOf: PlainDate })[];
}

interface Term {
  readonly clause: DeadlineTrace['clause'];
  readonly reading: string;
  readonly trigger: DeadlineTrace['trigger'];
  readonly length: TermLength;
  readonly firstDay?: PlainDate;
  readonly nominalOn: PlainDate;
  readonly roll: Roll;
}

function conclude(rules: RuleSet, calendar: Calendar, term: Term): Deadline {
  const { nominalOn, roll } = term;
  const skipped: SkippedDay[] = [];
  let dueOn = nominalOn;
  let computed = false;
  if (roll === 'next-working-day') {
    for (;;) {
      if (!computed) computed = isComputedDay(calendar, dueOn);
      const reason = nonWorkingReason(calendar, dueOn);
      if (reason === undefined) break;
      if (skipped.length > longestRunOfDaysOff)
        throw new RangeError(`calendar ${calendar.id} ${calendar.version} has no working day from ${nominalOn} on`);
      skipped.push({ on: dueOn, ...reason });
      dueOn = addDays(dueOn, 1);
    }
  }
  const endsAt = endOfDay(dueOn, rules.zone);
  const trace: { -readonly [K in keyof DeadlineTrace]: DeadlineTrace[K] } = {
    ruleSet: { id: rules.id, hash: rules.hash, citation: rules.citation },
    clause: term.clause,
    reading: term.reading,
    trigger: term.trigger,
    length: term.length,
    nominalOn,
    skipped,
    roll,
    dueOn,
    zone: rules.zone,
    endsAt,
    calendar: computed
      ? { id: calendar.id, version: calendar.version, computed }
      : { id: calendar.id, version: calendar.version },
  };
  if (term.firstDay !== undefined) trace.firstDay = term.firstDay;
  return { nominalOn, dueOn, endsAt, trace };
}

/**
 * Clause 3. `AT_LEAST_BEFORE`: the last day in time is `days` days before `designStartOn`, and it never rolls, since
 * that would shorten the advance. `WITHIN_AFTER`: `days` days from `decidedOn`.
 * @returns undefined when the day the reading hangs on was not given: timeliness cannot be determined.
 */
export function plannedConstructionDeadline(
  rules: RuleSet,
  calendar: Calendar,
  trigger: { readonly designStartOn?: PlainDate; readonly decidedOn?: PlainDate },
): Deadline | undefined {
  const { clause, reading, days, roll } = rules.plannedConstruction;
  switch (reading) {
    case 'AT_LEAST_BEFORE': {
      const on = trigger.designStartOn;
      if (on === undefined) return undefined;
      return conclude(rules, calendar, {
        clause,
        reading,
        trigger: { what: 'design_start', on },
        length: { days, counted: 'back' },
        firstDay: addDays(on, -1),
        nominalOn: addDays(on, -days),
        roll: 'none',
      });
    }
    case 'WITHIN_AFTER': {
      const on = trigger.decidedOn;
      if (on === undefined) return undefined;
      return conclude(rules, calendar, forward(clause, reading, { what: 'decision', on }, days, roll));
    }
  }
}

const quarterEnds = ['', '03-31', '06-30', '09-30', '12-31'] as const;

/** Clause 4: by the tenth day of the month after `period`. */
export function quarterlyDeadline(rules: RuleSet, calendar: Calendar, period: Quarter): Deadline {
  const { clause, byDay, dayItselfCounts, roll } = rules.quarterlyReference;
  const last = dayItselfCounts ? byDay : byDay - 1;
  const year = Number(period.slice(0, 4));
  const n = Number(period.slice(6));
  const month = n === 4 ? `${year + 1}-01` : `${year}-${n === 3 ? '10' : `0${n * 3 + 1}`}`;
  return conclude(rules, calendar, {
    clause,
    reading: dayItselfCounts ? 'DAY_ITSELF_COUNTS' : 'BEFORE_THE_DAY',
    trigger: { what: 'quarter_end', on: `${year}-${quarterEnds[n]!}` as PlainDate, period },
    length: { byDay, dayItselfCounts },
    // `byDay` is at most 28, so that the day exists in every month.
    nominalOn: `${month}-${last < 10 ? '0' : ''}${last}` as PlainDate,
    roll,
  });
}

/** Clause 5: `days` days from the day mining ended; the day after it is day 1. */
export function terminationDeadline(rules: RuleSet, calendar: Calendar, endedOn: PlainDate): Deadline {
  const { clause, days, roll } = rules.termination;
  return conclude(rules, calendar, forward(clause, rules.dayCount, { what: 'activity_end', on: endedOn }, days, roll));
}

/** Clause 6: `days` days from the day of receipt by the regulator's clock. Alert on `nominalOn`, breach after `dueOn`. */
export function noticeDeadline(rules: RuleSet, calendar: Calendar, receivedOn: PlainDate): Deadline {
  const { clause, days, roll } = rules.notice;
  return conclude(rules, calendar, forward(clause, rules.dayCount, { what: 'receipt', on: receivedOn }, days, roll));
}

const forward = (
  clause: Term['clause'],
  reading: string,
  trigger: Term['trigger'],
  days: number,
  roll: Roll,
): Term => ({
  clause,
  reading,
  trigger,
  length: { days, counted: 'forward' },
  firstDay: addDays(trigger.on, 1),
  nominalOn: addDays(trigger.on, days),
  roll,
});

/**
 * The deadline under an order that extends the term: the later day wins, so an order that is no later changes nothing
 * (the same object comes back). The ordered day is taken as written and does not roll.
 */
export function extendDeadline(deadline: Deadline, order: ExtensionOrder, zone: Zone): Deadline {
  if (order.dueOn <= deadline.dueOn) return deadline;
  const { dueOn, orderId, reason } = order;
  const endsAt = endOfDay(dueOn, zone);
  const { extendedBy, earlierExtensions = [] } = deadline.trace;
  const trace: DeadlineTrace = {
    ...deadline.trace,
    dueOn,
    zone,
    endsAt,
    extendedBy: { orderId, reason, dueOn, insteadOf: deadline.dueOn },
    ...(extendedBy === undefined ? {} : { earlierExtensions: [...earlierExtensions, extendedBy] }),
  };
  return { nominalOn: deadline.nominalOn, dueOn, endsAt, trace };
}

export { explainDeadline } from './deadline-explained.js';
