import { dayAt, endOfDay, instant, plainDate, quarter, wallClock } from '#libs/kernel';
import { noticeDeadline, plannedConstructionDeadline, quarterlyDeadline, terminationDeadline } from '#libs/domain';
import { loadRules } from './index.js';

const catalogue = loadRules();

describe.each(['kz-384-2020', 'kz-384-open'])('the worked dates under %s', (id) => {
  const rules = catalogue.ruleSet(id);
  const calendar = catalogue.calendar(rules.calendarId);

  it.each([
    ['2020-Q4', '2021-01-10', '2021-01-11'],
    ['2021-Q1', '2021-04-10', '2021-04-12'],
    ['2021-Q2', '2021-07-10', '2021-07-12'],
    ['2021-Q3', '2021-10-10', '2021-10-11'],
    ['2021-Q4', '2022-01-10', '2022-01-10'],
    ['2022-Q1', '2022-04-10', '2022-04-11'],
    ['2022-Q2', '2022-07-10', '2022-07-11'],
    ['2022-Q3', '2022-10-10', '2022-10-10'],
    ['2022-Q4', '2023-01-10', '2023-01-10'],
    ['2023-Q1', '2023-04-10', '2023-04-10'],
  ])('clause 4, %s: %s, effective %s', (period, nominalOn, dueOn) => {
    expect(quarterlyDeadline(rules, calendar, quarter(period))).toMatchObject({ nominalOn, dueOn });
  });

  it.each([
    ['2021-12-30', '2022-01-04', '2022-01-05'],
    ['2021-03-19', '2021-03-24', '2021-03-25'],
    ['2022-10-17', '2022-10-22', '2022-10-22'],
    ['2022-10-19', '2022-10-24', '2022-10-26'],
  ])('clause 6, received %s: %s, effective %s', (receivedOn, nominalOn, dueOn) => {
    expect(noticeDeadline(rules, calendar, plainDate(receivedOn))).toMatchObject({ nominalOn, dueOn });
  });

  it('clause 5, ended 31 December 2022: 10 January 2023', () => {
    const deadline = terminationDeadline(rules, calendar, plainDate('2022-12-31'));
    expect(deadline).toMatchObject({ nominalOn: '2023-01-10', dueOn: '2023-01-10' });
  });

  it('clause 3 counts thirty days back and stays on a Sunday', () => {
    const deadline = plannedConstructionDeadline(rules, calendar, { designStartOn: plainDate('2022-03-29') });
    expect(deadline).toMatchObject({ nominalOn: '2022-02-27', dueOn: '2022-02-27' });
    expect(plannedConstructionDeadline(rules, calendar, {})).toBeUndefined();
  });

  it('the first deadline ends at 2021-01-11T18:00Z', () => {
    expect(quarterlyDeadline(rules, calendar, quarter('2020-Q4')).endsAt).toBe('2021-01-11T18:00:00.000Z');
  });

  it('what is filed at 18:20Z on 12 April 2021 is late for Q1 2021, and 23:20 on the 12th in Aktau', () => {
    const at = instant('2021-04-12T18:20:00Z');
    const deadline = quarterlyDeadline(rules, calendar, quarter('2021-Q1'));
    expect(at >= deadline.endsAt).toBe(true);
    expect(dayAt(at, rules.zone)).toBe('2021-04-13');
    expect(wallClock(at, rules.zone)).toBe('2021-04-13 00:20');
    expect(wallClock(at, 'Asia/Aqtau')).toBe('2021-04-12 23:20');
  });

  it('10 April 2024 ends at 19:00Z', () => {
    expect(endOfDay(plainDate('2024-04-10'), rules.zone)).toBe('2024-04-10T19:00:00.000Z');
    const q1 = quarterlyDeadline(rules, calendar, quarter('2024-Q1'));
    expect(q1).toMatchObject({ dueOn: '2024-04-10', endsAt: '2024-04-10T19:00:00.000Z' });
    expect(q1.trace.calendar.computed).toBe(true);
  });
});
