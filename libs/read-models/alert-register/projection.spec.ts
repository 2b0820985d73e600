import { cast, createStory, day, id, openCase, rowsAfter, type Story } from '../testing.js';
import { alertRegisterProjection } from './projection.js';
import { alertTable } from './row.js';

const one = cast(1);
const { caseId } = one;
const alertId = id('alert');
const register = (story: Story) => rowsAfter(alertRegisterProjection(), alertTable, story.facts);

function raised(): Story {
  const story = createStory();
  openCase(story, one);
  story.tell('AlertRaised', {
    caseId,
    alertId,
    subject: { kind: 'obligation', id: id('obligation') },
    step: 'overdue-10',
    passed: ['overdue-5'],
    audience: ['operator', 'senior-officer'],
    dueOn: day('2021-04-12'),
    raisedOn: day('2021-04-22'),
  });
  return story;
}

describe('the alert register', () => {
  it('has an alert with the case it is about', () => {
    expect(register(raised())).toMatchObject([
      {
        alertId,
        caseId,
        caseRef: one.ref,
        operatorBin: one.bin,
        region: '55',
        subjectKind: 'obligation',
        subjectId: id('obligation'),
        step: 'overdue-10',
        passed: ['overdue-5'],
        audience: ['operator', 'senior-officer'],
        dueOn: '2021-04-12',
        raisedOn: '2021-04-22',
        raisedAt: '2021-01-01T04:00:02.000Z',
        situation: 'raised',
      },
    ]);
  });

  it('is sent when everyone it is for was reached', () => {
    const story = raised();
    story.tell('AlertSent', { caseId, alertId, channel: 'letter-list', audience: 'operator' });
    expect(register(story)[0]!.situation).toBe('raised');
    story.tell('AlertFailed', { caseId, alertId, audience: 'senior-officer', reason: 'mailbox full' });
    expect(register(story)[0]).toMatchObject({ situation: 'failed', failures: 1, lastFailure: 'mailbox full' });
    story.tell('AlertSent', { caseId, alertId, channel: 'mail', audience: 'senior-officer' });
    expect(register(story)[0]).toMatchObject({
      situation: 'sent',
      sendings: [
        { audience: 'operator', channel: 'letter-list' },
        { audience: 'senior-officer', channel: 'mail' },
      ],
    });
  });

  it('is cancelled when the duty was kept in between', () => {
    const story = raised();
    story.tell('AlertCancelled', { caseId, alertId, because: 'cured' });
    expect(register(story)[0]).toMatchObject({ situation: 'cancelled', cancelledBecause: 'cured' });
  });
});
