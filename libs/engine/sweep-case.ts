import { dayAt, isRejection, type Event, type Instant, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import {
  assessmentFacts,
  caseDecider,
  caseStream,
  caseWorkDecider,
  caseWorkStream,
  operatorSteps,
  isStepTaken,
  stepOfTerm,
  toldOf,
  type AlertAudience,
  type AlertStep,
  type AlertSubject,
  type CaseEvent,
  type CaseState,
  type CaseWorkCommand,
  type CaseWorkState,
  type Obligation,
  type OperatorAlertStep,
} from '#libs/domain';
import { systemRequest, type Done, type House } from '#libs/application';
import type { Position, RecordedFact } from '#libs/event-store';
import { assessCase } from './assess-case.js';
import { stepsToTake } from './ladder.js';

/** What was done about one case or notice. */
export interface Steps {
  assessed: number;
  missed: number;
  raised: number;
  passed: number;
  breached: number;
  readonly positions: Position[];
}
export const noSteps = (): Steps => ({ assessed: 0, missed: 0, raised: 0, passed: 0, breached: 0, positions: [] });

export class SweepRefusedError extends Error {
  override readonly name = 'SweepRefusedError';
}

/**
 * Brings one case to where it should be now, from facts just read: duties opened, misses recorded, the ladder step that
 * is due raised for each duty still unmet. Who has filed is not reminded, whatever a board said a moment ago.
 */
export async function sweepCase(
  house: House,
  caseId: Uuid,
  caseFacts: readonly RecordedFact[],
  workFacts: readonly RecordedFact[],
): Promise<Steps> {
  const steps = noSteps();
  const loaded = house.writePath.remember(caseStream(caseId), caseDecider, caseFacts);
  let state: CaseState = loaded.state;
  if (state.situation === 'none') return steps;
  let facts: readonly Event[] = caseFacts;

  const rules = house.lawBook.rulesOf(state);
  const now = house.clock.now();
  const context = { ...house.lawBook.circumstancesUnder(rules), now, historical: false };
  if (assessmentFacts(state, context).length > 0) {
    const done = orThrow(await assessCase(house, caseId, 'job', { known: loaded.revision }));
    ({ state } = done);
    facts = [...facts, ...done.facts];
    steps.assessed++;
    steps.missed += done.facts.filter((fact) => fact.type === 'ObligationMissed').length;
    if (done.position !== undefined) steps.positions.push(done.position);
  }
  if (state.situation === 'none' || state.situation === 'merged') return steps;

  const work = house.writePath.remember(caseWorkStream(caseId), caseWorkDecider, workFacts).state;
  const openedAt = timesOf('ObligationOpened', facts);
  const revisedAt = timesOf('DeadlineRevised', facts);
  for (const obligation of state.file.obligations.values()) {
    const opened = openedAt.get(obligation.obligationId);
    if (opened === undefined || !isUnmet(obligation)) continue;
    const subject: AlertSubject = { kind: 'obligation', id: obligation.obligationId };
    const { dueOn } = obligation.deadline;
    const ladder = operatorSteps(rules, { openedAt: opened, dueOn });
    const taken = ({ step }: OperatorAlertStep) => isStepTaken(work, subject, step, dueOn);
    const untold = (step: OperatorAlertStep) =>
      audienceOf(step).filter((one) => !toldBefore(work, subject, step, dueOn, revisedAt.get(subject.id)).has(one));
    const isSilent = (step: OperatorAlertStep) =>
      (obligation.historical && step.at <= opened) || untold(step).length === 0;
    const { raise, pass } = stepsToTake(ladder, taken, now, isSilent);
    const audience = raise ? untold(raise) : [];
    await takeSteps(house, caseId, subject, { raise, pass, audience, dueOn, raisedOn: dayAt(now, rules.zone) }, steps);
  }
  return steps;
}

const audienceOf = ({ toSeniorOfficer }: OperatorAlertStep): readonly AlertAudience[] =>
  toSeniorOfficer ? ['operator', 'senior-officer'] : ['operator'];

/** Of a day that was moved nobody is told twice what held before and after; a step that came to lie ahead is new. */
function toldBefore(
  work: CaseWorkState,
  subject: AlertSubject,
  { step, at }: OperatorAlertStep,
  dueOn: PlainDate,
  revisedAt: Instant | undefined,
): ReadonlySet<AlertAudience> {
  return revisedAt !== undefined && at <= revisedAt ? toldOf(work, subject, step, dueOn) : nobody;
}

const nobody: ReadonlySet<AlertAudience> = new Set();

/** A duty that was neither kept, nor excused, nor voided, and has a day by which it can be kept. */
export const isUnmet = (
  obligation: Obligation,
): obligation is Obligation & { readonly deadline: NonNullable<Obligation['deadline']> } =>
  (obligation.status === 'open' || obligation.status === 'missed') && obligation.deadline !== null;

/** When the last fact of the type was recorded of each duty. A duty counts as learned of when its opening was. */
function timesOf(type: CaseEvent['type'], facts: readonly Event[]): ReadonlyMap<Uuid, Instant> {
  const ofType = facts.filter((fact) => fact.type === type);
  return new Map(ofType.map(({ data, recordedAt }) => [(data as { obligationId: Uuid }).obligationId, recordedAt]));
}

interface Taking extends Pick<Extract<CaseWorkCommand, { type: 'RaiseAlert' }>, 'audience' | 'dueOn' | 'raisedOn'> {
  readonly raise: { readonly step: AlertStep } | undefined;
  readonly pass: readonly { readonly step: AlertStep }[];
}

/** Records the steps in the case's work stream. One alert per step of a term, whoever else raises it at the same time. */
export async function takeSteps(
  house: House,
  caseId: Uuid,
  subject: AlertSubject,
  { raise, pass, ...rest }: Taking,
  steps: Steps,
): Promise<void> {
  if (!raise && pass.length === 0) return;
  const passed = pass.map(({ step }) => step);
  const command: CaseWorkCommand = raise
    ? { type: 'RaiseAlert', subject, step: raise.step, passed, ...rest }
    : { type: 'PassAlertSteps', subject, passed, dueOn: rest.dueOn };
  const named = (step: AlertStep) => stepOfTerm(subject, step, rest.dueOn);
  const key = raise
    ? `raise-alert/${subject.id}/${named(raise.step)}`
    : `pass-steps/${subject.id}/${passed.map(named).join('+')}`;
  const done: Done<CaseWorkState> = orThrow(
    await house.writePath.execute({
      decider: caseWorkDecider,
      stream: caseWorkStream(caseId),
      command,
      request: systemRequest(key, house.clock.now(), 'job'),
      context: () => ({ caseId }),
    }),
  );
  if (done.position !== undefined) steps.positions.push(done.position);
  if (done.outcome !== 'done') return;
  if (raise) steps.raised++;
  steps.passed += passed.length;
}

export function orThrow<T>(outcome: T | Rejection): T {
  if (isRejection(outcome)) throw new SweepRefusedError(`${outcome.code}: ${outcome.message}`);
  return outcome;
}
