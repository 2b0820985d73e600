import type { Decimal, PlainDate, Quarter, Zone } from '#libs/kernel';

/** A duty of an operator; the clauses 3, 4 and 5 of the Rules. */
export type ObligationKind = 'planned_construction' | 'quarterly_reference' | 'termination';

/** What happens to a term whose last day is not a working day. */
export type Roll = 'none' | 'next-working-day';

/** A step of the operators' ladder. Every name needs its words in three languages, so the list is closed. */
export type OperatorStepName =
  'opened' | 'before-5' | 'before-1' | 'overdue' | 'overdue-5' | 'overdue-10' | 'overdue-30';

/**
 * `day` is counted from the effective due day: −5 is the fifth day before it, 1 the first day that is too late
 * (`overdue`), 5 the fifth day after it. null: at the opening of the obligation.
 */
export interface OperatorStep {
  readonly step: OperatorStepName;
  readonly day: number | null;
  readonly toSeniorOfficer: boolean;
}

/** A step of the authority's own ladder (the notice of clause 6). */
export type AuthorityStepName = '24h' | '72h' | '96h' | 'nominal-due' | 'breach';

/** `hours` are counted from receipt; null for the two steps that stand on the deadline's own days. */
export interface AuthorityStep {
  readonly step: AuthorityStepName;
  readonly hours: number | null;
}

/**
 * One edition of the Rules as the house reads it: every question that the text leaves open is a parameter here, with
 * its reason in `why`. Never edited in place: facts cite it by id and hash.
 */
export interface RuleSet {
  readonly id: string;
  /** SHA-256 (hex) of the canonical JSON of the data, settings applied; the loader computes it. */
  readonly hash: string;
  readonly title: string;
  readonly citation: string;
  /** Whose clock decides what day it is: the regulator's. */
  readonly zone: Zone;
  readonly calendarId: string;
  /** Both days inclusive; without `to` it has no end. */
  readonly inForce: { readonly from: PlainDate; readonly to?: PlainDate; readonly abolishedBy?: string };
  /** The first quarter for which a reference is owed. */
  readonly firstPeriod: Quarter;
  /** The day after the event is day 1; the term ends at 24:00 of its last day. */
  readonly dayCount: 'next-day-is-first';
  readonly plannedConstruction: {
    readonly clause: '3';
    readonly reading: 'AT_LEAST_BEFORE' | 'WITHIN_AFTER';
    readonly days: number;
    readonly roll: Roll;
    /** Timeliness without the day the term hangs on: "cannot be determined", never "late". */
    readonly withoutTrigger: 'undetermined';
  };
  readonly quarterlyReference: {
    readonly clause: '4';
    /** Day of the month after the quarter, 2 to 28. */
    readonly byDay: number;
    /** false: "by the tenth" means the ninth is the last day in time. */
    readonly dayItselfCounts: boolean;
    readonly roll: Roll;
    readonly brokenLastQuarter: 'owed' | 'not-owed';
  };
  readonly termination: {
    readonly clause: '5';
    readonly days: number;
    readonly roll: Roll;
    /** The legal entity terminates: one filing may end one of its centres or all of them. */
    readonly covers: 'one-or-all-centres' | 'one-centre';
  };
  readonly notice: {
    readonly clause: '6';
    readonly days: number;
    readonly roll: Roll;
    readonly triggers: readonly ObligationKind[];
    readonly corrections: 'when-notified-value-changes' | 'never';
    /** What a termination notifies, MW. */
    readonly terminationPowerMw: Decimal;
    readonly startsWhen: 'received';
  };
  /** When a filing is received, by channel. */
  readonly received: { readonly electronic: 'when-recorded'; readonly paper: 'incoming-stamp' };
  /** Which facts make a planned centre an existing one; the earlier counts. */
  readonly existingCentre: { readonly by: readonly ('commissioning' | 'first-quarterly-reference')[] };
  readonly incompleteFilings: 'accept-and-mark';
  /** The day on which a filing that arrives on a non-working day gets its number. */
  readonly registration: 'next-working-day' | 'same-day';
  readonly noticePerformed: 'when-sent';
  readonly noticeClosed: 'when-acknowledged';
  readonly sanctions: 'none';
  readonly ladder: { readonly operator: readonly OperatorStep[]; readonly authority: readonly AuthorityStep[] };
  /** The reason of every reading, keyed by the parameter's path, e.g. `plannedConstruction.reading`. */
  readonly why: { readonly [parameter: string]: string };
}

/** Whether a new duty may arise under the rule set on `day`. Duties that arose earlier stay. */
export const inForceOn = (ruleSet: Pick<RuleSet, 'inForce'>, day: PlainDate): boolean =>
  ruleSet.inForce.from <= day && (ruleSet.inForce.to === undefined || day <= ruleSet.inForce.to);
