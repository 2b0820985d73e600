import { derivedId, plainDate } from '#libs/kernel';
import { specificationOf } from '#libs/testing';
import type { CaseWorkCommand } from './commands.js';
import { caseWorkDecider } from './decider.js';
import type { CaseWorkEvent } from './events.js';
import { alertIdOf } from './stream.js';

const { given, fold } = specificationOf(caseWorkDecider);
const context = { caseId: derivedId('case', 'test') };
const subject = { kind: 'obligation', id: derivedId('duty', 'test') } as const;
const after = (facts: readonly CaseWorkEvent[], command: CaseWorkCommand) => given(facts).when(command, context);

const raise = (
  step: 'overdue' | 'before-1' | 'opened',
  dueOn = '2021-04-12',
  about = subject as typeof subject | Notice,
) =>
  ({
    type: 'RaiseAlert',
    subject: about,
    step,
    passed: step === 'overdue' ? ['before-5', 'before-1'] : [],
    audience: ['operator', 'case-officer'],
    dueOn: plainDate(dueOn),
    raisedOn: plainDate('2021-04-13'),
  }) as CaseWorkCommand;
interface Notice {
  readonly kind: 'notice';
  readonly id: typeof subject.id;
}
const overdue = after([], raise('overdue')).facts();
const alertId = alertIdOf(subject.id, 'overdue@2021-04-12');

describe('the work on a case', () => {
  it('raises each step of a term once, and with it those that had gone by', () => {
    expect(overdue).toMatchObject([{ type: 'AlertRaised', data: { alertId, passed: ['before-5', 'before-1'] } }]);
    expect(after(overdue, raise('overdue')).facts()).toEqual([]);
    expect(after(overdue, raise('before-1')).facts()).toEqual([]);
  });

  it('has a new ladder when the day is moved, but opens a duty once', () => {
    const moved = after(overdue, raise('overdue', '2021-05-03')).facts();
    expect(moved).toMatchObject([{ data: { alertId: alertIdOf(subject.id, 'overdue@2021-05-03') } }]);
    const opened = after([], raise('opened')).facts();
    expect(after(opened, raise('opened', '2021-05-03')).facts()).toEqual([]);
  });

  it('has one ladder for what the authority owes, whose day never moves', () => {
    const notice: Notice = { kind: 'notice', id: subject.id };
    const raised = after([], raise('overdue', '2021-04-12', notice)).facts();
    expect(after(raised, raise('overdue', '2021-05-03', notice)).facts()).toEqual([]);
  });

  it('records steps that history had passed, those not taken yet', () => {
    const pass = {
      type: 'PassAlertSteps',
      subject,
      passed: ['before-1', 'overdue'],
      dueOn: plainDate('2021-04-12'),
    } as const;
    const before = after([], raise('before-1')).facts();
    const passed = after(before, pass).facts();
    expect(passed).toMatchObject([{ type: 'AlertStepsPassed', data: { passed: ['overdue'] } }]);
    expect(after([...before, ...passed], pass).facts()).toEqual([]);
    expect(after([...before, ...passed], raise('overdue')).facts()).toEqual([]);
  });

  it('sends an alert once to each of its audience, whatever failed before or comes after', () => {
    const sendTo = (audience: 'operator' | 'case-officer') =>
      ({ type: 'RecordAlertSent', alertId, channel: 'mail', audience }) as const;
    const fail = { type: 'RecordAlertFailure', alertId, audience: 'operator', reason: 'no answer' } as const;
    const failed = [...overdue, ...after(overdue, fail).facts()];
    const sent = [...failed, ...after(failed, sendTo('operator')).facts()];
    expect(after(sent, sendTo('operator')).facts()).toEqual([]);
    expect(after(sent, fail).facts()).toEqual([]);
    expect(after(sent, sendTo('case-officer')).facts()).toHaveLength(1);
    expect(fold(sent).alerts.get(alertId)?.sentTo).toEqual(['operator']);
  });

  it('cancels an alert once', () => {
    const cancel = { type: 'CancelAlert', alertId, because: 'cured' } as const;
    const cancelled = [...overdue, ...after(overdue, cancel).facts()];
    expect(fold(cancelled).alerts.get(alertId)?.cancelled).toBe(true);
    expect(after(cancelled, cancel).facts()).toEqual([]);
  });

  it('takes a letter once for an alert that became one, posted between its raising and today', () => {
    const letter = (postedOn: string, number?: string) =>
      ({
        type: 'RecordLetter',
        alertId,
        postedOn: plainDate(postedOn),
        enteredOn: plainDate('2021-04-16'),
        ...(number ? { number } : {}),
      }) as const;
    expect(after([], letter('2021-04-14')).rejection().code).toBe('alert-unknown');
    expect(after(overdue, letter('2021-04-14')).rejection().code).toBe('no-letter-asked');
    const listed = [
      ...overdue,
      ...after(overdue, { type: 'RecordAlertSent', alertId, channel: 'letter-list', audience: 'operator' }).facts(),
    ];
    for (const [day, code] of [
      ['2021-04-12', 'posted-before-alert'],
      ['2021-04-17', 'posted-in-future'],
    ] as const)
      expect(after(listed, letter(day)).rejection()).toMatchObject({ code, fields: [{ pointer: '/postedOn' }] });
    const posted = after(listed, letter('2021-04-14', '7-15/204')).facts();
    expect(posted).toMatchObject([{ type: 'LetterPosted', data: { postedOn: '2021-04-14', number: '7-15/204' } }]);
    expect(after([...listed, ...posted], letter('2021-04-15')).rejection().code).toBe('letter-recorded');
  });

  it('names the officer who has the case in an alert that is for officers', () => {
    const assigned = after([], { type: 'AssignCase', assignee: 'officer-1' }).facts();
    expect(after(assigned, raise('overdue')).facts()).toMatchObject([{ data: { assignee: 'officer-1' } }]);
    const forOperator = { ...raise('overdue'), audience: ['operator'] } as CaseWorkCommand;
    expect(after(assigned, forOperator).facts()[0]!.data).not.toHaveProperty('assignee');
    expect(overdue[0]!.data).not.toHaveProperty('assignee');
  });

  it('knows no alert that was never raised', () => {
    expect(after([], { type: 'CancelAlert', alertId, because: 'cured' }).rejection().code).toBe('alert-unknown');
  });

  it('is assigned when that changes something', () => {
    const assign = (assignee: string | null) => ({ type: 'AssignCase', assignee }) as const;
    const assigned = after([], assign('officer-1')).facts();
    expect(after(assigned, assign('officer-1')).facts()).toEqual([]);
    expect(after(assigned, assign(null)).facts()).toMatchObject([{ data: { assignee: null } }]);
    expect(after([], assign(null)).facts()).toEqual([]);
  });
});
