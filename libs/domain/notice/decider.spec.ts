import fc from 'fast-check';
import { isRejection, instant, plainDate, type Instant } from '#libs/kernel';
import { specificationOf } from '#libs/testing';
import stored from '../stored/NoticeIssued.json' with { type: 'json' };
import type { NoticeCommand } from './commands.js';
import { noticeDecider } from './decider.js';
import type { NoticeEvent, NoticeIssue } from './events.js';

const { given, fold } = specificationOf(noticeDecider);
const { issuedOn: _, ...kept } = stored.data;
const issue = kept as unknown as NoticeIssue;
const { noticeId } = issue;
const at = (text: string): { readonly now: Instant } => ({ now: instant(text) });
const receipt = at('2021-04-20T13:00:00Z');
/** In Almaty the last day is over at 18:00 of UTC. */
const [lastMoment, tooLate] = [at('2021-04-26T17:59:59.999Z'), at('2021-04-26T18:00:00Z')];

const issueIt: NoticeCommand = { type: 'IssueNotice', issue };
const sendIt: NoticeCommand = { type: 'RecordNoticeSent', channel: 'inbox' };
const deliverIt: NoticeCommand = { type: 'RecordNoticeDelivery', channel: 'inbox' };
const acknowledge = (theirDate: string): NoticeCommand => ({
  type: 'AcknowledgeNotice',
  theirNumber: '77',
  theirDate: plainDate(theirDate),
});
const refuseIt: NoticeCommand = { type: 'RefuseNotice', reason: 'not ours' };

const issued = given([]).when(issueIt, receipt).facts();
const sent = [...issued, ...given(issued).when(sendIt, receipt).facts()];

const isByHand = (data: object): boolean => 'channel' in data && data.channel === 'by-hand';

describe('a notice', () => {
  it('is owed from the moment it is issued, and issued once', () => {
    expect(issued.map(({ type }) => type)).toEqual(['NoticeIssued', 'NoticeQueued']);
    expect(issued[0]).toMatchObject({ data: { noticeId, issuedOn: '2021-04-20' } });
    expect(given(issued).when(issueIt, receipt).facts()).toEqual([]);
  });

  it('that history brought in is listed, and nothing can be done with it', () => {
    const past = given([]).when({ type: 'IssueNotice', issue: { ...issue, historical: true } }, receipt);
    expect(past.facts().map(({ type }) => type)).toEqual(['NoticeIssued']);
    expect(given(past.facts()).when(sendIt, receipt).rejection().code).toBe('notice-historical');
  });

  it('is in time to the last moment of its last day', () => {
    expect(given(issued).when(sendIt, lastMoment).facts()).toMatchObject([{ data: { inTime: true } }]);
    // What is entered or sent after its term is a breach, though no sweep ever saw it unsent.
    expect(given(issued).when(sendIt, tooLate).facts()).toMatchObject([
      { type: 'NoticeTermBreached', data: { dueOn: '2021-04-26', detectedOn: '2021-04-27' } },
      { type: 'NoticeSent', data: { inTime: false } },
    ]);
    expect(given(sent).when(sendIt, tooLate).facts()).toEqual([]);
  });

  it('that is brought has been sent', () => {
    const brought = given(issued).when(deliverIt, lastMoment).facts();
    expect(brought.map(({ type }) => type)).toEqual(['NoticeSent', 'NoticeDelivered']);
    expect(
      given([...issued, ...brought])
        .when(deliverIt, tooLate)
        .facts(),
    ).toEqual([]);
  });

  it('counts its failures and goes on past the deadline', () => {
    const fail: NoticeCommand = { type: 'RecordNoticeFailure', channel: 'push', reason: 'no answer' };
    const once = given(issued).when(fail, receipt).facts();
    expect(once).toMatchObject([{ type: 'NoticeDeliveryFailed', data: { attempt: 1 } }]);
    const twice = given([...issued, ...once])
      .when(fail, tooLate)
      .facts();
    expect(twice).toMatchObject([{ data: { attempt: 2 } }]);
    expect(
      given([...issued, ...once, ...twice])
        .when(sendIt, tooLate)
        .facts(),
    ).toMatchObject([{ type: 'NoticeTermBreached' }, { type: 'NoticeSent' }]);
  });

  it('breaches its term once, when the day is over and nothing has left', () => {
    const breach: NoticeCommand = { type: 'RecordNoticeBreach' };
    expect(given(issued).when(breach, lastMoment).facts()).toEqual([]);
    const breached = given(issued).when(breach, tooLate).facts();
    expect(breached).toMatchObject([{ data: { dueOn: '2021-04-26', detectedOn: '2021-04-27' } }]);
    expect(
      given([...issued, ...breached])
        .when(breach, tooLate)
        .facts(),
    ).toEqual([]);
    expect(given(sent).when(breach, tooLate).facts()).toEqual([]);
  });

  it('is answered once, with a day that lies between its sending and today', () => {
    const later = at('2021-04-22T05:00:00Z');
    const answered = given(sent).when(acknowledge('2021-04-21'), later).facts();
    expect(answered.map(({ type }) => type)).toEqual(['NoticeDelivered', 'NoticeAcknowledged']);
    for (const again of [acknowledge('2021-04-21'), refuseIt])
      expect(
        given([...sent, ...answered])
          .when(again, later)
          .rejection().code,
      ).toBe('notice-acknowledged');
    const refused = (day: string) => given(sent).when(acknowledge(day), later).rejection();
    expect(refused('2021-04-23')).toMatchObject({
      code: 'acknowledged-in-future',
      fields: [{ pointer: '/theirDate' }],
    });
    expect(refused('2021-04-19')).toMatchObject({
      code: 'acknowledged-before-sent',
      fields: [{ pointer: '/theirDate' }],
    });
    expect(given(issued).when(acknowledge('2021-04-20'), later).rejection().code).toBe('notice-not-sent');
  });

  it('may be brought by hand, at a time between its filing and now that says whether that was in time', () => {
    const byHand = (deliveredAt: string): NoticeCommand => ({
      type: 'RecordDeliveryByHand',
      deliveredAt: instant(deliveredAt),
      means: 'by courier',
    });
    const inTime = given(issued).when(byHand('2021-04-26T17:59:59Z'), tooLate).facts();
    expect(inTime).toMatchObject([
      { type: 'NoticeSent', data: { channel: 'by-hand', inTime: true } },
      { type: 'NoticeDelivered', data: { means: 'by courier', deliveredAt: '2021-04-26T17:59:59.000Z' } },
    ]);
    expect(
      given(sent)
        .when(byHand('2021-04-21T06:00:00Z'), tooLate)
        .facts()
        .map(({ type }) => type),
    ).toEqual(['NoticeDelivered']);
    const rejected = (facts: readonly NoticeEvent[], deliveredAt: string) =>
      given(facts).when(byHand(deliveredAt), tooLate).rejection();
    expect(rejected([...issued, ...inTime], '2021-04-26T17:00:00Z').code).toBe('notice-delivered');
    expect(rejected(issued, '2031-04-26T17:00:00Z')).toMatchObject({
      code: 'delivered-in-future',
      fields: [{ pointer: '/deliveredAt' }],
    });
    expect(rejected(issued, '2021-04-01T17:00:00Z').code).toBe('delivered-before-filing');
  });

  it('brought by hand before it was put into the inbox was sent then, and its breach is none', () => {
    const byHand: NoticeCommand = {
      type: 'RecordDeliveryByHand',
      deliveredAt: instant('2021-04-22T05:00:00Z'),
      means: 'by courier',
    };
    const late = at('2021-05-10T05:00:00Z');
    let facts: readonly NoticeEvent[] = issued;
    const then = (command: NoticeCommand, when = late) => {
      const made = given(facts).when(command, when).facts();
      facts = [...facts, ...made];
      return made;
    };
    then({ type: 'RecordNoticeBreach' }, tooLate);
    then(sendIt, tooLate);
    then(acknowledge('2021-05-04'));
    expect(then(byHand)).toMatchObject([
      { type: 'NoticeSent', data: { sentAt: '2021-04-22T05:00:00.000Z', inTime: true, channel: 'by-hand' } },
      { type: 'NoticeBreachRescinded', data: { because: 'sent-in-time' } },
      { type: 'NoticeDelivered' },
    ]);
    expect(fold(facts)).toMatchObject({ situation: 'acknowledged', breached: false, sent: { inTime: true } });
    expect(given(facts).when(byHand, late).rejection().code).toBe('notice-delivered');
  });

  it('that was never issued is unknown', () => {
    expect(given([]).when(sendIt, receipt).rejection().code).toBe('notice-unknown');
  });

  it('has one effect of each command, in any order of them', () => {
    const command = fc.constantFrom<NoticeCommand>(
      issueIt,
      sendIt,
      deliverIt,
      { type: 'RecordDeliveryByHand', deliveredAt: instant('2021-04-22T05:00:00Z'), means: 'by courier' },
      acknowledge('2021-04-20'),
      acknowledge('2021-04-26'),
      refuseIt,
      { type: 'SupersedeNotice', by: noticeId },
      { type: 'RecordNoticeBreach' },
    );
    const moment = fc.constantFrom(receipt, lastMoment, tooLate);
    const lived = (steps: readonly (readonly [NoticeCommand, { readonly now: Instant }])[], times: number) =>
      steps.reduce<readonly NoticeEvent[]>((facts, [one, when]) => {
        for (let n = 0; n < times; n++) {
          const outcome = given(facts).when(one, when).outcome;
          if (!isRejection(outcome)) facts = [...facts, ...outcome];
        }
        return facts;
      }, []);
    fc.assert(
      fc.property(fc.array(fc.tuple(command, moment), { maxLength: 12 }), (steps) => {
        const once = lived(steps, 1);
        expect(lived(steps, 2)).toEqual(once);
        // What was brought by hand is put on record beside what the system did itself.
        const nameOf = ({ type, data }: NoticeEvent) => `${type}${isByHand(data) ? ' by hand' : ''}`;
        const names = once.map(nameOf);
        expect(new Set(names).size).toBe(names.length);
        // Who refused by mistake may still acknowledge; an acknowledgement stands.
        const answers = once.map(({ type }) => type).filter((type) => /Acknowledged|Refused/.test(type));
        expect(answers.slice(0, -1)).not.toContain('NoticeAcknowledged');
        expect(fold(once).situation === 'none').toBe(!names.includes('NoticeIssued'));
      }),
    );
  });
});
