import { plainDate, startOfDay, type Uuid } from '#libs/kernel';
import {
  cast,
  createStory,
  day,
  deadline,
  fileReference,
  id,
  obligationIdFor,
  openCase,
  openObligation,
  place,
  rowsAfter,
  rules,
  zone,
  type Story,
} from '../testing.js';
import { obligationBoardProjection } from './projection.js';
import { displayStatus } from './queries.js';
import { obligationTable } from './row.js';

const one = cast(1);
const projection = obligationBoardProjection({ rules, zone });
const board = (story: Story) => rowsAfter(projection, obligationTable, story.facts);
const midnight = (on: string) => startOfDay(plainDate(on), zone);

/** Opened on 1 April 2021 in the morning, due Monday 12 April (nominally Saturday 10 April). */
function opened(): { readonly story: Story; readonly obligationId: Uuid } {
  const story = createStory();
  openCase(story, one);
  const obligationId = openObligation(story, one, '2021-Q1', '2021-04-01', '2021-04-12', {
    nominal: '2021-04-10',
    at: '2021-03-31T18:00:01.000Z',
  });
  return { story, obligationId };
}

const raise = (story: Story, obligationId: Uuid, step: 'opened' | 'overdue' | 'overdue-30', passed: never[] = []) =>
  story.tell('AlertRaised', {
    caseId: one.caseId,
    alertId: id(`${obligationId} ${step}`),
    subject: { kind: 'obligation', id: obligationId },
    step,
    passed,
    audience: ['operator'],
    dueOn: day('2021-04-12'),
    raisedOn: day('2021-04-01'),
  });

describe('the obligation board', () => {
  it('has a row for a duty as soon as it is opened, with its deadline and trace', () => {
    const { story, obligationId } = opened();
    expect(board(story)).toMatchObject([
      {
        obligationId,
        caseId: one.caseId,
        caseRef: one.ref,
        operatorBin: one.bin,
        region: '55',
        kind: 'quarterly_reference',
        period: '2021-Q1',
        opensOn: '2021-04-01',
        nominalDueOn: '2021-04-10',
        dueOn: '2021-04-12',
        endsAt: '2021-04-12T18:00:00.000Z',
        trace: deadline('2021-04-12', '2021-04-10').trace,
        status: 'open',
        historical: false,
        stepsTaken: [],
        nextStepAt: '2021-03-31T18:00:01.000Z',
      },
    ]);
  });

  it('waits for the next step of the ladder that was not taken', () => {
    const { story, obligationId } = opened();
    raise(story, obligationId, 'opened');
    expect(board(story)[0]!.nextStepAt).toBe(midnight('2021-04-07'));
    const subject = { kind: 'obligation', id: obligationId } as const;
    story.tell('AlertStepsPassed', { caseId: one.caseId, subject, passed: ['before-5'] });
    expect(board(story)[0]).toMatchObject({ stepsTaken: ['opened', 'before-5'], nextStepAt: midnight('2021-04-11') });
    story.tell('AlertStepsPassed', { caseId: one.caseId, subject, passed: ['before-1'] });
    expect(board(story)[0]!.nextStepAt).toBe('2021-04-12T18:00:00.000Z');
  });

  it('does not go back to a step below one that was taken', () => {
    const { story, obligationId } = opened();
    raise(story, obligationId, 'overdue');
    story.tell('ObligationMissed', missed(obligationId));
    expect(board(story)[0]!.nextStepAt).toBe(midnight('2021-04-17'));
  });

  it('comes back for the miss at the end of the term even when the whole ladder was taken', () => {
    const { story, obligationId } = opened();
    raise(story, obligationId, 'overdue-30');
    expect(board(story)[0]!.nextStepAt).toBe('2021-04-12T18:00:00.000Z');
    story.tell('ObligationMissed', missed(obligationId));
    expect(board(story)[0]).toMatchObject({ status: 'missed', missDetectedOn: '2021-04-13', nextStepAt: null });
  });

  const missed = (obligationId: Uuid) => ({
    caseId: one.caseId,
    obligationId,
    dueOn: day('2021-04-12'),
    detectedOn: day('2021-04-13'),
    historical: false,
  });
  const met = (obligationId: Uuid, daysLate: number | null) => ({
    caseId: one.caseId,
    obligationId,
    filingId: id('filing'),
    journalNo: 'IN-1',
    receivedOn: day('2021-04-15'),
    late: daysLate === null ? null : daysLate > 0,
    daysLate,
  });

  it.each([
    [0, 'met'],
    [3, 'met_late'],
    [null, 'undetermined'],
  ])('rests when it was met (%s days late)', (daysLate, status) => {
    const { story, obligationId } = opened();
    story.tell('ObligationMet', met(obligationId, daysLate));
    expect(board(story)[0]).toMatchObject({
      status,
      metByFilingId: id('filing'),
      metJournalNo: 'IN-1',
      metReceivedOn: '2021-04-15',
      daysLate,
      nextStepAt: null,
    });
  });

  it('keeps the miss when a late filing resolves it, and drops it when it is rescinded', () => {
    const { story, obligationId } = opened();
    story.tell('ObligationMissed', missed(obligationId));
    story.tell('ObligationMet', met(obligationId, 3));
    expect(board(story)[0]).toMatchObject({ status: 'met_late', missDetectedOn: '2021-04-13' });
    const { story: other } = opened();
    other.tell('ObligationMissed', missed(obligationId));
    other.tell('MissRescinded', { caseId: one.caseId, obligationId, because: 'deadline-revised' });
    expect(board(other)[0]).toMatchObject({
      status: 'open',
      missDetectedOn: null,
      missRescindedBecause: 'deadline-revised',
    });
  });

  it('is open again when its filing is taken back', () => {
    const { story, obligationId } = opened();
    story.tell('ObligationMet', met(obligationId, 0));
    story.tell('ObligationReopened', { caseId: one.caseId, obligationId, because: 'filing-taken-back' });
    expect(board(story)[0]).toMatchObject({ status: 'open', metByFilingId: null, metJournalNo: null, daysLate: null });
    expect(board(story)[0]!.nextStepAt).not.toBeNull();
  });

  it('follows a revised deadline', () => {
    const { story, obligationId } = opened();
    raise(story, obligationId, 'opened');
    const revised = deadline('2021-04-20');
    story.tell('DeadlineRevised', { caseId: one.caseId, obligationId, deadline: revised, because: 'term-extended' });
    expect(board(story)[0]).toMatchObject({
      dueOn: '2021-04-20',
      endsAt: '2021-04-20T18:00:00.000Z',
      revisedBecause: 'term-extended',
      nextStepAt: midnight('2021-04-15'),
    });
  });

  it('is excused by an order, and stays so when a late filing comes', () => {
    const { story, obligationId } = opened();
    const order = { orderNo: '12', reason: 'flood', excusedOn: day('2021-04-14') };
    story.tell('ObligationExcused', { caseId: one.caseId, obligationId, ...order });
    story.tell('ObligationMet', met(obligationId, 3));
    expect(board(story)[0]).toMatchObject({
      status: 'excused',
      excusedByOrder: '12',
      excuseReason: 'flood',
      excusedOn: '2021-04-14',
      nextStepAt: null,
    });
  });

  it('passes with its case to another operator and another region', () => {
    const { story } = opened();
    const effectiveOn = day('2021-04-02');
    const moved = { caseId: one.caseId, from: place(), to: place('63', 'Oskemen'), effectiveOn, reason: 'border' };
    story.tell('CaseLocationChanged', moved);
    story.tell('CaseTransferred', {
      caseId: one.caseId,
      fromBin: one.bin,
      toBin: '970740000838',
      effectiveOn,
      reason: 'sold',
    });
    expect(board(story)[0]).toMatchObject({ region: '63', operatorBin: '970740000838' });
  });

  it('takes the place a filing names for its case', () => {
    const { story } = opened();
    fileReference(story, one, '2021-Q1', '2021-04-05T05:00:00.000Z', { where: place('10', 'Semey') });
    expect(board(story)[0]!.region).toBe('10');
    fileReference(story, one, '2020-Q4', '2021-01-09T05:00:00.000Z', { where: place('11', 'Kokshetau') });
    expect(board(story)[0]!.region).toBe('10');
  });

  it('has no deadline and nothing to wait for when the deadline cannot be determined', () => {
    const story = createStory();
    openCase(story, one);
    story.tell('ObligationOpened', {
      caseId: one.caseId,
      obligationId: id('planned'),
      kind: 'planned_construction',
      opensOn: day('2021-01-04'),
      deadline: null,
      learnedOn: day('2021-01-04'),
      historical: false,
    });
    expect(board(story)[0]).toMatchObject({
      status: 'undetermined',
      dueOn: null,
      endsAt: null,
      trace: null,
      nextStepAt: null,
      ruleSetId: 'sample',
    });
  });

  it('refuses a fact about a duty that was never opened', () => {
    const story = createStory();
    openCase(story, one);
    story.tell('ObligationMissed', missed(obligationIdFor(one.caseId, '2021-Q1')));
    expect(() => board(story)).toThrow('never opened');
  });

  it('does not mind the alerts of notices', () => {
    const { story } = opened();
    const subject = { kind: 'notice', id: id('notice') } as const;
    story.tell('AlertStepsPassed', { caseId: one.caseId, subject, passed: ['24h'] });
    expect(board(story)[0]!.stepsTaken).toEqual([]);
  });
});

describe('the display status', () => {
  const row = { status: 'open', opensOn: day('2021-04-01'), dueOn: day('2021-04-12') } as const;
  it.each([
    ['2021-03-31', 'not_due'],
    ['2021-04-01', 'due'],
    ['2021-04-12', 'due'],
    ['2021-04-13', 'overdue'],
  ])('on %s is %s', (today, display) => {
    expect(displayStatus(row, day(today))).toBe(display);
    expect(displayStatus({ ...row, status: 'missed' }, day(today))).toBe(display);
  });
  it('of a settled duty is its own', () => {
    expect(displayStatus({ ...row, status: 'met_late' }, day('2022-01-01'))).toBe('met_late');
  });
});
