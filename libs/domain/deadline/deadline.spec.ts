import fc from 'fast-check';
import { addDays, dayAt, instantOfMs, msOf, plainDate, quarter, type PlainDate } from '#libs/kernel';
import {
  explainDeadline,
  extendDeadline,
  isWorkingDay,
  noticeDeadline,
  plannedConstructionDeadline,
  quarterlyDeadline,
  terminationDeadline,
  type Deadline,
  type RuleSet,
} from './index.js';
import { sampleCalendar as calendar, sampleRules as rules } from './testing.js';

const day = plainDate;
const anyDay = fc.integer({ min: 0, max: 7300 }).map((n) => addDays(day('2020-01-01'), n));
const withRoll = (roll: 'none' | 'next-working-day'): RuleSet => ({
  ...rules,
  quarterlyReference: { ...rules.quarterlyReference, roll },
  termination: { ...rules.termination, roll },
  notice: { ...rules.notice, roll },
});

describe('planned construction (clause 3)', () => {
  it('is due thirty days before design starts and never rolls', () => {
    const deadline = plannedConstructionDeadline(rules, calendar, { designStartOn: day('2021-05-10') });
    // 10 April 2021 is a Saturday.
    expect(deadline).toMatchObject({
      nominalOn: '2021-04-10',
      dueOn: '2021-04-10',
      endsAt: '2021-04-10T18:00:00.000Z',
    });
    expect(deadline?.trace).toMatchObject({ firstDay: '2021-05-09', roll: 'none', skipped: [] });
  });

  it('does not roll even under a rule set that says so for the other reading', () => {
    const rolling = {
      ...rules,
      plannedConstruction: { ...rules.plannedConstruction, roll: 'next-working-day' as const },
    };
    expect(plannedConstructionDeadline(rolling, calendar, { designStartOn: day('2021-05-10') })?.dueOn).toBe(
      '2021-04-10',
    );
  });

  it('cannot be determined without the day its reading hangs on', () => {
    expect(plannedConstructionDeadline(rules, calendar, {})).toBeUndefined();
    expect(plannedConstructionDeadline(rules, calendar, { decidedOn: day('2021-03-01') })).toBeUndefined();
  });

  it('counts from the decision under the other reading', () => {
    const within: RuleSet = {
      ...rules,
      plannedConstruction: { ...rules.plannedConstruction, reading: 'WITHIN_AFTER', roll: 'next-working-day' },
    };
    const trigger = { decidedOn: day('2021-03-11'), designStartOn: day('2030-01-01') };
    expect(plannedConstructionDeadline(within, calendar, trigger)).toMatchObject({
      nominalOn: '2021-04-10',
      dueOn: '2021-04-12',
    });
    expect(plannedConstructionDeadline(within, calendar, { designStartOn: day('2021-05-10') })).toBeUndefined();
  });
});

describe('the quarterly reference (clause 4)', () => {
  it('is due by the tenth, which counts, and rolls over the weekend', () => {
    const deadline = quarterlyDeadline(rules, calendar, quarter('2020-Q4'));
    expect(deadline).toMatchObject({
      nominalOn: '2021-01-10',
      dueOn: '2021-01-11',
      endsAt: '2021-01-11T18:00:00.000Z',
    });
    expect(deadline.trace).toMatchObject({
      trigger: { what: 'quarter_end', on: '2020-12-31', period: '2020-Q4' },
      skipped: [{ on: '2021-01-10', kind: 'weekend', name: 'Sunday' }],
      calendar: { id: 'sample', version: '1' },
    });
    expect(deadline.trace).not.toHaveProperty('firstDay');
  });

  it('ends on the ninth where the tenth itself does not count', () => {
    const strict = { ...rules, quarterlyReference: { ...rules.quarterlyReference, dayItselfCounts: false } };
    expect(quarterlyDeadline(strict, calendar, quarter('2021-Q4'))).toMatchObject({
      nominalOn: '2022-01-09',
      dueOn: '2022-01-10',
    });
  });
});

describe('terms counted forward (clauses 5 and 6)', () => {
  it('count the day after the event as day 1', () => {
    const deadline = terminationDeadline(rules, calendar, day('2022-12-31'));
    expect(deadline).toMatchObject({ nominalOn: '2023-01-10', dueOn: '2023-01-10' });
    expect(deadline.trace.firstDay).toBe('2023-01-01');
  });

  it('end on a working Saturday without rolling', () => {
    expect(noticeDeadline(rules, calendar, day('2022-10-17'))).toMatchObject({
      nominalOn: '2022-10-22',
      dueOn: '2022-10-22',
    });
  });

  it('name each day they step over', () => {
    const deadline = noticeDeadline(rules, calendar, day('2022-10-19'));
    expect(deadline.dueOn).toBe('2022-10-26');
    expect(deadline.trace.skipped).toEqual([
      { on: '2022-10-24', kind: 'moved_day_off', name: '' },
      { on: '2022-10-25', kind: 'holiday', name: 'Republic Day' },
    ]);
  });

  it('say when the calendar of the days they looked at is computed', () => {
    expect(noticeDeadline(rules, calendar, day('2023-12-20')).trace.calendar).toEqual({ id: 'sample', version: '1' });
    expect(noticeDeadline(rules, calendar, day('2024-03-03')).trace.calendar.computed).toBe(true);
    // Sunday 31 December 2023 is read from decrees; the day it rolls to is not.
    const turnOfYear = noticeDeadline(rules, calendar, day('2023-12-26'));
    expect(turnOfYear).toMatchObject({ nominalOn: '2023-12-31', dueOn: '2024-01-01' });
    expect(turnOfYear.trace.calendar.computed).toBe(true);
  });

  it('never end on a day off, never before the nominal day, and at the midnight of the regulator', () => {
    fc.assert(
      fc.property(anyDay, fc.constantFrom(noticeDeadline, terminationDeadline), (on, compute) => {
        const deadline = compute(rules, calendar, on);
        expect(deadline.dueOn >= deadline.nominalOn).toBe(true);
        expect(isWorkingDay(calendar, deadline.dueOn)).toBe(true);
        expect(deadline.trace.skipped.length).toBe(
          Math.round((Date.parse(deadline.dueOn) - Date.parse(deadline.nominalOn)) / 86_400_000),
        );
        expect(dayAt(instantOfMs(msOf(deadline.endsAt) - 1), rules.zone)).toBe(deadline.dueOn);
        expect(dayAt(deadline.endsAt, rules.zone)).toBe(addDays(deadline.dueOn, 1));
        expect(compute(withRoll('none'), calendar, on).dueOn).toBe(deadline.nominalOn);
      }),
    );
  });

  it('rise with the day of the event', () => {
    fc.assert(
      fc.property(anyDay, fc.nat(40), (on, later) => {
        const first = noticeDeadline(rules, calendar, on);
        expect(noticeDeadline(rules, calendar, addDays(on, later)).endsAt >= first.endsAt).toBe(true);
      }),
    );
  });

  it('refuse a calendar without working days', () => {
    const holiday = { ...calendar, weekend: [1, 2, 3, 4, 5, 6, 7] };
    expect(() => noticeDeadline(rules, holiday, day('2021-03-01'))).toThrow(RangeError);
  });
});

describe('an extension by order', () => {
  const deadline = quarterlyDeadline(rules, calendar, quarter('2021-Q1'));
  const order = (orderId: string, dueOn: string) => ({ orderId, reason: 'Outage of the portal', dueOn: day(dueOn) });

  it('moves the day later and says from where', () => {
    const extended = extendDeadline(deadline, order('12', '2021-04-20'), rules.zone);
    expect(extended).toMatchObject({
      nominalOn: '2021-04-10',
      dueOn: '2021-04-20',
      endsAt: '2021-04-20T18:00:00.000Z',
    });
    expect(extended.trace).toMatchObject({
      dueOn: '2021-04-20',
      endsAt: extended.endsAt,
      extendedBy: { orderId: '12', dueOn: '2021-04-20', insteadOf: '2021-04-12' },
    });
  });

  it('changes nothing when its day is not later', () => {
    expect(extendDeadline(deadline, order('12', '2021-04-12'), rules.zone)).toBe(deadline);
    expect(extendDeadline(deadline, order('12', '2021-04-01'), rules.zone)).toBe(deadline);
  });

  it('keeps the orders before it', () => {
    const twice = extendDeadline(
      extendDeadline(deadline, order('12', '2021-04-20'), rules.zone),
      order('13', '2021-04-25'),
      rules.zone,
    );
    expect(twice.trace.extendedBy).toMatchObject({ orderId: '13', insteadOf: '2021-04-20' });
    expect(twice.trace.earlierExtensions).toMatchObject([{ orderId: '12', insteadOf: '2021-04-12' }]);
    expect(explainDeadline(twice)).toEqual(
      expect.arrayContaining([
        'The last day therefore moves to the next working day, Monday 12 April 2021.',
        'Order 12 extended the term from Monday 12 April 2021 to Tuesday 20 April 2021: Outage of the portal.',
        'Order 13 extended the term from Tuesday 20 April 2021 to Sunday 25 April 2021: Outage of the portal.',
      ]),
    );
  });
});

describe('the explanation', () => {
  const stored = (deadline: Deadline | undefined) => JSON.parse(JSON.stringify(deadline)) as Deadline;

  it('tells the whole reasoning from the stored trace', () => {
    expect(explainDeadline(stored(noticeDeadline(rules, calendar, day('2022-10-19'))))).toEqual([
      `Rule set sample (SHA-256 ${'a'.repeat(64)}): Order No. 384/НҚ of 13 October 2020.`,
      'Clause 6, notice, read as next-day-is-first.',
      'The filing was received on Wednesday 19 October 2022.',
      'The term is 5 calendar days after that day; day 1 is Thursday 20 October 2022.',
      'Its last day as counted is Monday 24 October 2022.',
      'Monday 24 October 2022 is not a working day: a moved day off.',
      'Tuesday 25 October 2022 is not a working day: a public holiday (Republic Day).',
      'The last day therefore moves to the next working day, Wednesday 26 October 2022.',
      'The term ends at 24:00 on Wednesday 26 October 2022 by the clock of Asia/Almaty, which is 2022-10-26T18:00:00.000Z in UTC.',
      'Working days are those of calendar sample, version 1.',
    ]);
  });

  it('says why a term counted back stays on a day off', () => {
    const lines = explainDeadline(
      stored(plannedConstructionDeadline(rules, calendar, { designStartOn: day('2021-05-10') })),
    );
    expect(lines).toContain(
      'The term is at least 30 calendar days before that day, counted back; day 1 is Sunday 9 May 2021.',
    );
    expect(lines).toContain('A term counted back does not move for days off, since that would shorten the advance.');
    expect(lines.join(' ')).not.toContain('calendar sample');
  });

  it('marks what was computed', () => {
    const lines = explainDeadline(stored(noticeDeadline(rules, calendar, day('2024-03-03')))).join('\n');
    expect(lines).toContain("Friday 8 March 2024 is not a working day: a public holiday (Women's Day), as computed");
    expect(lines).toContain('computed from fixed holidays and awaits the decrees');
  });

  it('is the same before and after storage for every kind of term', () => {
    const computed: ((on: PlainDate) => Deadline | undefined)[] = [
      (on) => plannedConstructionDeadline(rules, calendar, { designStartOn: on }),
      (on) => terminationDeadline(rules, calendar, on),
      (on) => noticeDeadline(rules, calendar, on),
      (on) => quarterlyDeadline(rules, calendar, quarter(`${on.slice(0, 4)}-Q2`)),
    ];
    fc.assert(
      fc.property(anyDay, fc.constantFrom(...computed), (on, compute) => {
        const deadline = compute(on)!;
        expect(stored(deadline)).toEqual(deadline);
        expect(explainDeadline(stored(deadline))).toEqual(explainDeadline(deadline));
      }),
    );
  });
});
