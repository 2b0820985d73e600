import type { PlainDate, Uuid } from '#libs/kernel';
import type { AlertAudience, AlertStep, AlertSubject } from './events.js';

export interface Alert {
  readonly alertId: Uuid;
  readonly subject: AlertSubject;
  readonly step: AlertStep;
  readonly dueOn: PlainDate;
  readonly audience: readonly AlertAudience[];
  readonly sentTo: readonly AlertAudience[];
  readonly cancelled: boolean;
  readonly raisedOn: PlainDate;
  readonly letter: 'none' | 'awaited' | 'posted';
}

export interface CaseWorkState {
  readonly assignee: string | null;
  readonly alerts: ReadonlyMap<Uuid, Alert>;
  /** What `stepKey` says of every step that was raised or recorded as passed: none of them is taken twice. */
  readonly taken: ReadonlySet<string>;
}

export const initialCaseWork: CaseWorkState = { assignee: null, alerts: new Map(), taken: new Set() };

/**
 * The step of one term. A duty whose due day was moved (by order, a calendar, an outage) has a new term and can be overdue
 * again, so its dated steps are steps of that day; it is opened only once. What the authority owes by a notice never moves.
 */
export const stepOfTerm = (subject: AlertSubject, step: AlertStep, dueOn: PlainDate | undefined): string =>
  subject.kind === 'notice' || step === 'opened' || dueOn === undefined ? step : `${step}@${dueOn}`;

export const stepKey = (subject: AlertSubject, step: AlertStep, dueOn?: PlainDate) =>
  `${subject.id}/${stepOfTerm(subject, step, dueOn)}`;

export const isStepTaken = (
  { taken }: CaseWorkState,
  subject: AlertSubject,
  step: AlertStep,
  dueOn: PlainDate,
): boolean => taken.has(stepKey(subject, step, dueOn)) || taken.has(stepKey(subject, step));

/** Who was told of the step already, in a term that ended on another day. */
export const toldOf = (
  { alerts }: CaseWorkState,
  subject: AlertSubject,
  step: AlertStep,
  dueOn: PlainDate,
): ReadonlySet<AlertAudience> =>
  new Set(
    [...alerts.values()]
      .filter((alert) => alert.subject.id === subject.id && alert.step === step && alert.dueOn !== dueOn)
      .flatMap(({ sentTo }) => sentTo),
  );
