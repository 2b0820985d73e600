import { derivedId, instant, plainDate } from '#libs/kernel';
import { specificationOf } from '#libs/testing';
import type { AuthorityCommand } from './commands.js';
import { authorityDecider } from './decider.js';

const { given, fold } = specificationOf(authorityDecider);
/** The day has begun in Almaty and not yet in Greenwich. */
const now = { now: instant('2022-01-14T19:30:00Z'), zone: 'Asia/Almaty' } as const;

describe('the orders of the authority', () => {
  it('extend a term once by an order', () => {
    const extend: AuthorityCommand = {
      type: 'ExtendTerm',
      extension: {
        orderId: derivedId('order', 'test'),
        orderNo: '12-НҚ',
        scope: { kind: 'quarterly_reference' },
        dueOn: plainDate('2022-01-31'),
        reason: 'the power was cut',
      },
    };
    const extended = given([]).when(extend, now).facts();
    expect(extended).toMatchObject([{ type: 'TermExtended', data: { orderNo: '12-НҚ', orderedOn: '2022-01-15' } }]);
    expect(fold(extended).extensions).toEqual([{ ...extend.extension, orderedOn: '2022-01-15' }]);
    expect(given(extended).when(extend, now).rejection()).toMatchObject({
      code: 'order-known',
      fields: [{ pointer: '/orderNo' }],
    });
  });

  it('record an outage of ours when it is over, once', () => {
    const outage = (from: string, to: string): AuthorityCommand => ({
      type: 'RecordOutage',
      outage: { outageId: derivedId('outage', 'test'), from: instant(from), to: instant(to), reason: 'no power' },
    });
    const over = outage('2022-01-10T00:00:00Z', '2022-01-14T19:30:00Z');
    const recorded = given([]).when(over, now).facts();
    expect(recorded).toMatchObject([{ type: 'OutageRecorded' }]);
    expect(given(recorded).when(over, now).facts()).toEqual([]);
    const refused = (from: string, to: string) => given([]).when(outage(from, to), now).rejection().code;
    expect(refused('2022-01-10T00:00:00Z', '2022-01-10T00:00:00Z')).toBe('outage-ends-before-it-begins');
    expect(refused('2022-01-10T00:00:00Z', '2022-01-14T19:30:00.001Z')).toBe('outage-in-future');
  });

  it('correct a calendar under a version of its own', () => {
    const correct = (calendarId: string, version: string): AuthorityCommand => ({
      type: 'CorrectCalendar',
      calendarId,
      correction: { version, changes: [{ date: plainDate('2022-01-05'), kind: 'holiday', name: 'by decree' }] },
      reason: 'decree',
    });
    const corrected = given([]).when(correct('kz', '2022-a'), now).facts();
    expect(given(corrected).when(correct('kz', '2022-a'), now).rejection().code).toBe('calendar-version-known');
    for (const other of [correct('kz', '2022-b'), correct('xx', '2022-a')])
      expect(given(corrected).when(other, now).facts()).toHaveLength(1);
  });
});
