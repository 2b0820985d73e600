import { plainDate } from '#libs/kernel';
import { correctCalendar, inForceOn, isComputedDay, isWorkingDay, nextWorkingDay, nonWorkingReason } from './index.js';
import { sampleCalendar as calendar, sampleRules } from './testing.js';

const day = plainDate;

describe('the calendar', () => {
  it('says why a day is not worked', () => {
    expect(nonWorkingReason(calendar, day('2021-03-08'))).toEqual({ kind: 'holiday', name: "Women's Day" });
    expect(nonWorkingReason(calendar, day('2021-03-27'))).toEqual({ kind: 'weekend', name: 'Saturday' });
    expect(nonWorkingReason(calendar, day('2024-03-08'))).toEqual({
      kind: 'holiday',
      name: "Women's Day",
      computed: true,
    });
    expect(nonWorkingReason(calendar, day('2021-03-09'))).toBeUndefined();
  });

  it('works on a working Saturday', () => {
    expect(isWorkingDay(calendar, day('2022-10-22'))).toBe(true);
    expect(isWorkingDay(calendar, day('2022-10-29'))).toBe(false);
  });

  it('finds the next working day, the day itself when it is one', () => {
    expect(nextWorkingDay(calendar, day('2021-03-20'))).toBe('2021-03-25');
    expect(nextWorkingDay(calendar, day('2021-03-25'))).toBe('2021-03-25');
    expect(() => nextWorkingDay({ ...calendar, weekend: [1, 2, 3, 4, 5, 6, 7] }, day('2021-03-01'))).toThrow(
      RangeError,
    );
  });

  it('knows which days it read from decrees', () => {
    expect(isComputedDay(calendar, day('2023-12-31'))).toBe(false);
    expect(isComputedDay(calendar, day('2024-01-01'))).toBe(true);
    expect(isComputedDay(calendar, day('2020-09-30'))).toBe(true);
  });
});

describe('a correction of the calendar', () => {
  const corrected = correctCalendar(calendar, {
    version: '2',
    changes: [
      { date: day('2021-03-24'), kind: 'ordinary', name: '' },
      { date: day('2021-03-25'), kind: 'moved_day_off', name: 'for Sun 21 March' },
      { date: day('2021-03-27'), kind: 'working_weekend', name: 'for Thu 25 March' },
      { date: day('2024-03-08'), kind: 'holiday', name: "Women's Day" },
      { date: day('2024-01-08'), kind: 'ordinary', name: '' },
    ],
  });

  it('gives another calendar and leaves the former as it was', () => {
    expect(corrected.version).toBe('2');
    expect(nextWorkingDay(corrected, day('2021-03-22'))).toBe('2021-03-24');
    expect(nonWorkingReason(corrected, day('2021-03-25'))?.kind).toBe('moved_day_off');
    expect(isWorkingDay(corrected, day('2021-03-27'))).toBe(true);
    expect(calendar.version).toBe('1');
    expect(nextWorkingDay(calendar, day('2021-03-22'))).toBe('2021-03-25');
  });

  it('makes its days certain', () => {
    expect(nonWorkingReason(corrected, day('2024-03-08'))).toEqual({ kind: 'holiday', name: "Women's Day" });
    expect(isComputedDay(corrected, day('2024-03-08'))).toBe(false);
    expect(isComputedDay(corrected, day('2024-01-08'))).toBe(false);
    expect(isComputedDay(corrected, day('2024-01-09'))).toBe(true);
  });

  it('is refused without a new version, with a date named twice, or with a working weekend day that is none', () => {
    const change = (date: string, kind: 'holiday' | 'working_weekend') => ({ date: day(date), kind, name: '' });
    const faults = [
      { version: '1', changes: [] },
      { version: '2', changes: [change('2021-03-24', 'holiday'), change('2021-03-24', 'holiday')] },
      { version: '2', changes: [change('2021-03-25', 'working_weekend')] },
    ];
    for (const fault of faults) expect(() => correctCalendar(calendar, fault)).toThrow(RangeError);
  });
});

describe('a rule set', () => {
  it('is in force on its first and last day, and not beside them', () => {
    const inForce = ['2020-10-26', '2020-10-27', '2023-06-03', '2023-06-04'].map((on) =>
      inForceOn(sampleRules, day(on)),
    );
    expect(inForce).toEqual([false, true, true, false]);
    expect(inForceOn({ inForce: { from: day('2020-10-27') } }, day('2099-01-01'))).toBe(true);
  });
});
