import { instant, plainDate, quarter } from '#libs/kernel';
import { assess, commission, file, given, id, lived, obligation, on, quarterly, reference, types } from './testing.js';

describe('orders and calendars', () => {
  const opened = lived([commission('2021-01-15'), on('2021-01-16')], [assess, on('2021-04-01')]);

  it('move an open term, take a miss back, and leave closed duties as they were', () => {
    const order = {
      orderId: id('order'),
      orderNo: '12-НҚ',
      scope: { kind: 'quarterly_reference' as const, periods: [quarter('2021-Q1')] },
      dueOn: plainDate('2021-04-20'),
      orderedOn: plainDate('2021-04-14'),
      reason: 'flood',
    };
    const missed = [...opened, ...given(opened).when(assess, on('2021-04-13')).facts()];
    const revised = given(missed)
      .when(assess, { ...on('2021-04-14'), extensions: [order] })
      .facts();
    expect(types(revised)).toEqual(['DeadlineRevised', 'MissRescinded']);
    expect(revised[0]).toMatchObject({ data: { because: 'term-extended', deadline: { dueOn: '2021-04-20' } } });

    const met = [
      ...opened,
      ...given(opened)
        .when(file(reference('2021-Q1'), '2021-04-05'), on('2021-04-06'))
        .facts(),
    ];
    expect(
      given(met)
        .when(assess, { ...on('2021-04-14'), extensions: [order] })
        .facts(),
    ).toEqual([]);
    // By the day of receipt, whenever it is typed: what came late before the order stays late, what comes after it is in time.
    const typedAfter = (day: string) =>
      given(missed)
        .when(file(reference('2021-Q1'), day), { ...on('2021-04-19'), extensions: [order] })
        .facts();
    expect(typedAfter('2021-04-13')).toContainEqual(
      expect.objectContaining({ type: 'ObligationMet', data: expect.objectContaining({ late: true, daysLate: 1 }) }),
    );
    // The same for one that was put on record after the filing, of an earlier day: typed before or after, it is in time.
    const late = [
      ...missed,
      ...given(missed)
        .when(file(reference('2021-Q1'), '2021-04-14'), on('2021-04-14', '13:00'))
        .facts(),
    ];
    expect(obligation(late, quarterly('2021-Q1')).status).toBe('met_late');
    expect(
      given(late)
        .when(assess, { ...on('2021-04-16'), extensions: [order] })
        .facts(),
    ).toContainEqual(
      expect.objectContaining({ type: 'ObligationMet', data: expect.objectContaining({ late: false }) }),
    );
    const extended = [...missed, ...revised];
    const setBack = given(extended)
      .when(file(reference('2021-Q1'), '2021-04-13'), { ...on('2021-04-19'), extensions: [order] })
      .facts();
    expect(setBack).toContainEqual(
      expect.objectContaining({
        type: 'DeadlineRevised',
        data: expect.objectContaining({ because: 'received-before-order' }),
      }),
    );
    expect(typedAfter('2021-04-14')).toContainEqual(
      expect.objectContaining({ type: 'ObligationMet', data: expect.objectContaining({ late: false }) }),
    );
  });

  it('let an outage of ours on the last day excuse until the next working day', () => {
    const outage = {
      outageId: id('outage'),
      from: instant('2021-04-12T10:00:00Z'),
      to: instant('2021-04-12T17:00:00Z'),
      reason: 'power',
    };
    const revised = given(opened)
      .when(assess, { ...on('2021-04-12', '23:30'), outages: [outage] })
      .facts();
    expect(revised).toMatchObject([
      { type: 'DeadlineRevised', data: { because: 'outage', deadline: { dueOn: '2021-04-13' } } },
    ]);
    const elsewhere = { ...outage, from: instant('2021-04-08T10:00:00Z'), to: instant('2021-04-08T11:00:00Z') };
    expect(
      given(opened)
        .when(assess, { ...on('2021-04-09'), outages: [elsewhere] })
        .facts(),
    ).toEqual([]);
  });
});
