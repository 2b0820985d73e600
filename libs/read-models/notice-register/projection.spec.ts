import { cast, createStory, day, at, id, issueNotice, rowsAfter, rules, zone, type Story } from '../testing.js';
import { noticeRegisterProjection } from './projection.js';
import { noticeTable } from './row.js';

const one = cast(1);
const { caseId } = one;
const register = (story: Story) => rowsAfter(noticeRegisterProjection({ rules, zone }), noticeTable, story.facts)[0]!;

/** Received Wednesday 19 October 2022; nominally due Monday 24 (a day off), in effect Wednesday 26. */
function issued(historical = false) {
  const story = createStory('2022-10-19T04:00:00.000Z');
  const options = { nominal: '2022-10-24', historical };
  const noticeId = issueNotice(story, one, id('filing'), '2022-10-19T04:00:00.000Z', '2022-10-26', options);
  return { story, noticeId };
}
const sent = (story: Story, noticeId: ReturnType<typeof id>, inTime = true) =>
  story.tell('NoticeSent', { noticeId, channel: 'inbox', sentAt: at('2022-10-20T04:00:00.000Z'), inTime });

describe('the notice register', () => {
  it('has the three contents of rule 6 and nothing of the operator', () => {
    const row = register(issued().story);
    expect(row).toMatchObject({
      number: `N-${one.ref}-2022-10-19`,
      orderNo: 1,
      inboxPosition: null,
      inboxMinor: null,
      situation: 'issued',
      region: '55',
      address: 'Ekibastuz, 1 Energy St',
      powerMw: '12.50',
      expansionMw: null,
      nominalDueOn: '2022-10-24',
      dueOn: '2022-10-26',
      endsAt: '2022-10-26T18:00:00.000Z',
      attempts: 0,
      breached: false,
    });
    expect(JSON.stringify(row)).not.toContain(one.bin);
  });

  it('waits for the steps of the authority’s ladder until it is sent', () => {
    const { story, noticeId } = issued();
    const subject = { kind: 'notice', id: noticeId } as const;
    expect(register(story).nextStepAt).toBe('2022-10-20T04:00:00.000Z');
    const alert = { caseId, alertId: id('a'), subject, audience: ['case-officer'] as const };
    story.tell('AlertRaised', {
      ...alert,
      step: '72h',
      passed: ['24h'],
      dueOn: day('2022-10-26'),
      raisedOn: day('2022-10-22'),
    });
    expect(register(story)).toMatchObject({ stepsTaken: ['24h', '72h'], nextStepAt: '2022-10-23T04:00:00.000Z' });
    story.tell('AlertStepsPassed', { caseId, subject, passed: ['96h'] });
    expect(register(story).nextStepAt).toBe('2022-10-24T18:00:00.000Z');
    story.tell('AlertStepsPassed', { caseId, subject, passed: ['nominal-due', 'breach'] });
    expect(register(story).nextStepAt).toBe('2022-10-26T18:00:00.000Z');
    story.tell('NoticeTermBreached', { noticeId, dueOn: day('2022-10-26'), detectedOn: day('2022-10-27') });
    expect(register(story)).toMatchObject({ breached: true, breachDetectedOn: '2022-10-27', nextStepAt: null });
  });

  it('keeps sent, delivered and acknowledged apart', () => {
    const { story, noticeId } = issued();
    story.tell('NoticeQueued', { noticeId });
    expect(register(story).situation).toBe('queued');
    sent(story, noticeId);
    expect(register(story)).toMatchObject({
      situation: 'sent',
      channel: 'inbox',
      sentAt: '2022-10-20T04:00:00.000Z',
      sentInTime: true,
      inboxPosition: 3,
      inboxMinor: 0,
      nextStepAt: null,
    });
    story.tell('NoticeDelivered', { noticeId, channel: 'inbox', deliveredAt: at('2022-10-20T05:00:00.000Z') });
    expect(register(story)).toMatchObject({ situation: 'delivered', deliveredAt: '2022-10-20T05:00:00.000Z' });
    story.tell('NoticeAcknowledged', { noticeId, theirNumber: 'E-77', theirDate: day('2022-10-21') });
    expect(register(story)).toMatchObject({
      situation: 'acknowledged',
      theirNumber: 'E-77',
      theirDate: '2022-10-21',
      answeredAt: expect.any(String) as string,
    });
  });

  it('shows a refusal with its reason', () => {
    const { story, noticeId } = issued();
    sent(story, noticeId, false);
    story.tell('NoticeRefused', { noticeId, reason: 'not ours' });
    expect(register(story)).toMatchObject({ situation: 'refused', refusedBecause: 'not ours', sentInTime: false });
  });

  it('shows a failed try, and goes on waiting', () => {
    const { story, noticeId } = issued();
    story.tell('NoticeDeliveryFailed', { noticeId, channel: 'push', attempt: 2, reason: 'time-out' });
    expect(register(story)).toMatchObject({ situation: 'failed', attempts: 2, lastFailure: 'time-out' });
    expect(register(story).nextStepAt).not.toBeNull();
  });

  it('names the notice that took its place, whatever became of it', () => {
    const { story, noticeId } = issued();
    sent(story, noticeId);
    story.tell('NoticeSuperseded', { noticeId, by: id('newer') });
    expect(register(story)).toMatchObject({ situation: 'sent', supersededBy: id('newer') });
  });

  it('never waits for one that comes from imported history', () => {
    expect(register(issued(true).story)).toMatchObject({ situation: 'historical', nextStepAt: null });
  });
});
