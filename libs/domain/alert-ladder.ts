import { addDays, endOfDay, instantOfMs, msOf, startOfDay, type Instant, type PlainDate } from '#libs/kernel';
import type { Deadline } from './deadline/deadline.js';
import type { AuthorityStepName, OperatorStepName, RuleSet } from './deadline/rule-set.js';

/** A step and the instant it is reached. Ladders are given in rising order, and `at` never falls along them. */
export interface LadderStep<Name extends string = string> {
  readonly step: Name;
  readonly at: Instant;
}
export interface OperatorAlertStep extends LadderStep<OperatorStepName> {
  readonly toSeniorOfficer: boolean;
}
export type AuthorityAlertStep = LadderStep<AuthorityStepName>;

/**
 * The operators' ladder. `before-N` is reached at 00:00 of the N-th day before `dueOn`, `overdue` at 00:00 of the day
 * after it (= `endsAt`), `overdue-N` at 00:00 of the N-th day after it, all by the clock of the rule set's zone. No
 * step is reached before the obligation was opened: a day already past by then counts as reached at `openedAt`.
 */
export function operatorSteps(
  rules: RuleSet,
  obligation: { readonly openedAt: Instant; readonly dueOn: PlainDate },
): readonly OperatorAlertStep[] {
  const { openedAt, dueOn } = obligation;
  return rules.ladder.operator.map(({ step, day, toSeniorOfficer }) => {
    const at = day === null ? openedAt : startOfDay(addDays(dueOn, day), rules.zone);
    return { step, at: at < openedAt ? openedAt : at, toSeniorOfficer };
  });
}

/**
 * The authority's own ladder for the notice of clause 6: hours of the clock after `receivedAt`, then `nominal-due` at
 * 24:00 of the nominal last day and `breach` at 24:00 of the effective one (the same instant when nothing rolled).
 */
export function authoritySteps(
  rules: RuleSet,
  notice: { readonly receivedAt: Instant; readonly deadline: Pick<Deadline, 'nominalOn' | 'endsAt'> },
): readonly AuthorityAlertStep[] {
  const { receivedAt, deadline } = notice;
  return rules.ladder.authority.map(({ step, hours }) => {
    if (hours !== null) return { step, at: instantOfMs(msOf(receivedAt) + hours * 3_600_000) };
    return { step, at: step === 'breach' ? deadline.endsAt : endOfDay(deadline.nominalOn, rules.zone) };
  });
}

/**
 * The steps reached after `from` (undefined: since ever) up to and including `now`, in ladder order. After downtime or an
 * import only `highest` is sent; the others of `passed` are recorded as passed.
 */
export function dueSteps<Step extends LadderStep>(
  steps: readonly Step[],
  from: Instant | undefined,
  now: Instant,
): { readonly passed: readonly Step[]; readonly highest: Step | undefined } {
  const passed = steps.filter(({ at }) => at <= now && (from === undefined || from < at));
  return { passed, highest: passed.at(-1) };
}

/** The instant of the next step after `now`; undefined when the ladder is at its end. What a sweep's board is indexed by. */
export const nextStepAt = (steps: readonly LadderStep[], now: Instant): Instant | undefined =>
  steps.find(({ at }) => now < at)?.at;
