import type { OperatorStepName, RuleSet } from '#libs/domain';
import {
  day,
  fail,
  flag,
  list,
  megawatts,
  object,
  oneOf,
  orNull,
  period,
  text,
  texts,
  whole,
  zone,
  type Place,
  type Reader,
} from './shape.js';

const roll = oneOf('none', 'next-working-day');
const obligationKind = oneOf('planned_construction', 'quarterly_reference', 'termination');

const shape = object({
  id: text,
  title: text,
  citation: text,
  zone,
  calendarId: text,
  inForce: object({ from: day }, { to: day, abolishedBy: text }),
  firstPeriod: period,
  dayCount: oneOf('next-day-is-first'),
  plannedConstruction: object({
    clause: oneOf('3'),
    reading: oneOf('AT_LEAST_BEFORE', 'WITHIN_AFTER'),
    days: whole(1, 366),
    roll,
    withoutTrigger: oneOf('undetermined'),
  }),
  quarterlyReference: object({
    clause: oneOf('4'),
    byDay: whole(2, 28),
    dayItselfCounts: flag,
    roll,
    brokenLastQuarter: oneOf('owed', 'not-owed'),
  }),
  termination: object({
    clause: oneOf('5'),
    days: whole(1, 366),
    roll,
    covers: oneOf('one-or-all-centres', 'one-centre'),
  }),
  notice: object({
    clause: oneOf('6'),
    days: whole(1, 366),
    roll,
    triggers: list(obligationKind, { atLeast: 1 }),
    corrections: oneOf('when-notified-value-changes', 'never'),
    terminationPowerMw: megawatts,
    startsWhen: oneOf('received'),
  }),
  received: object({ electronic: oneOf('when-recorded'), paper: oneOf('incoming-stamp') }),
  existingCentre: object({ by: list(oneOf('commissioning', 'first-quarterly-reference'), { atLeast: 1 }) }),
  incompleteFilings: oneOf('accept-and-mark'),
  registration: oneOf('next-working-day', 'same-day'),
  noticePerformed: oneOf('when-sent'),
  noticeClosed: oneOf('when-acknowledged'),
  sanctions: oneOf('none'),
  ladder: object({
    operator: list(
      object({
        step: oneOf('opened', 'before-5', 'before-1', 'overdue', 'overdue-5', 'overdue-10', 'overdue-30'),
        day: orNull(whole(-366, 366)),
        toSeniorOfficer: flag,
      }),
    ),
    authority: list(
      object({ step: oneOf('24h', '72h', '96h', 'nominal-due', 'breach'), hours: orNull(whole(1, 366 * 24)) }),
    ),
  }),
  why: texts,
});

/** The readings of what the Rules leave open. None may stand without its reason. */
const readings = [
  'zone',
  'calendarId',
  'inForce',
  'firstPeriod',
  'dayCount',
  'plannedConstruction.reading',
  'plannedConstruction.roll',
  'plannedConstruction.withoutTrigger',
  'quarterlyReference.dayItselfCounts',
  'quarterlyReference.roll',
  'quarterlyReference.brokenLastQuarter',
  'termination.roll',
  'termination.covers',
  'notice.roll',
  'notice.triggers',
  'notice.corrections',
  'notice.terminationPowerMw',
  'notice.startsWhen',
  'received',
  'existingCentre',
  'incompleteFilings',
  'registration',
  'noticePerformed',
  'noticeClosed',
  'sanctions',
  'ladder',
] as const;

const dayOfStep = (step: OperatorStepName): number | null => {
  if (step === 'opened') return null;
  if (step === 'overdue') return 1;
  const n = Number(step.slice(step.lastIndexOf('-') + 1));
  return step.startsWith('before-') ? -n : n;
};

const at = (place: Place, field: string): Place => ({ file: place.file, field });

/** What no single field shows: the parameters must agree with each other. */
function checkAgreement(rules: Omit<RuleSet, 'hash'>, place: Place): void {
  const { from, to } = rules.inForce;
  if (to !== undefined && to < from) fail(at(place, 'inForce.to'), `${to} is before inForce.from, ${from}`);
  if (rules.plannedConstruction.reading === 'AT_LEAST_BEFORE' && rules.plannedConstruction.roll !== 'none')
    fail(at(place, 'plannedConstruction.roll'), 'a term counted back never rolls: it would shorten the advance');
  const unique = (values: readonly string[], field: string) => {
    const twice = values.find((value, n) => values.indexOf(value) !== n);
    if (twice !== undefined) fail(at(place, field), `${JSON.stringify(twice)} stands twice`);
  };
  unique(rules.notice.triggers, 'notice.triggers');
  unique(rules.existingCentre.by, 'existingCentre.by');

  const { operator, authority } = rules.ladder;
  unique(
    operator.map(({ step }) => step),
    'ladder.operator',
  );
  unique(
    authority.map(({ step }) => step),
    'ladder.authority',
  );
  let before = Number.NEGATIVE_INFINITY;
  operator.forEach(({ step, day: stepDay }, n) => {
    const field = `ladder.operator[${n}].day`;
    if (stepDay !== dayOfStep(step)) fail(at(place, field), `the step ${step} stands on day ${dayOfStep(step)}`);
    if (stepDay === null ? n > 0 : stepDay <= before) fail(at(place, field), 'steps must rise, "opened" first');
    before = stepDay ?? before;
  });
  let stage = 0;
  authority.forEach(({ step, hours }, n) => {
    const field = `ladder.authority[${n}].hours`;
    const due = /^\d+h$/.test(step) ? Number.parseInt(step, 10) : null;
    if (hours !== due) fail(at(place, field), `the step ${step} has hours ${due}`);
    const next = hours ?? (step === 'nominal-due' ? 100_000 : 100_001);
    if (next <= stage) fail(at(place, field), 'steps must rise: hours, "nominal-due", "breach"');
    stage = next;
  });

  for (const reading of readings)
    if (rules.why[reading] === undefined) fail(at(place, `why.${reading}`), 'missing: a reading must give its reason');
  for (const parameter of Object.keys(rules.why))
    if (!(readings as readonly string[]).includes(parameter))
      fail(at(place, `why.${parameter}`), 'there is no such reading');
}

/** @throws RulesDataError naming file and field. */
export const readRuleSet: Reader<Omit<RuleSet, 'hash'>> = (value, place) => {
  const rules = shape(value, place);
  checkAgreement(rules, place);
  return rules;
};
