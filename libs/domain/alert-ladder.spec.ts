import fc from 'fast-check';
import { addDays, instant, instantOfMs, msOf, plainDate } from '#libs/kernel';
import { authoritySteps, dueSteps, nextStepAt, operatorSteps } from './alert-ladder.js';
import { noticeDeadline } from './deadline/index.js';
import { sampleCalendar, sampleRules as rules } from './deadline/testing.js';

describe("the operators' ladder", () => {
  const steps = operatorSteps(rules, { openedAt: instant('2021-01-01T03:00:00Z'), dueOn: plainDate('2021-01-11') });

  it('stands on midnights of the regulator, overdue from the first instant that is too late', () => {
    expect(steps).toEqual([
      { step: 'opened', at: '2021-01-01T03:00:00.000Z', toSeniorOfficer: false },
      { step: 'before-5', at: '2021-01-05T18:00:00.000Z', toSeniorOfficer: false },
      { step: 'before-1', at: '2021-01-09T18:00:00.000Z', toSeniorOfficer: false },
      { step: 'overdue', at: '2021-01-11T18:00:00.000Z', toSeniorOfficer: false },
      { step: 'overdue-5', at: '2021-01-15T18:00:00.000Z', toSeniorOfficer: false },
      { step: 'overdue-10', at: '2021-01-20T18:00:00.000Z', toSeniorOfficer: true },
      { step: 'overdue-30', at: '2021-02-09T18:00:00.000Z', toSeniorOfficer: true },
    ]);
  });

  it('follows the change of the offset on 1 March 2024', () => {
    const late = operatorSteps(rules, { openedAt: instant('2024-02-20T00:00:00Z'), dueOn: plainDate('2024-03-01') });
    expect(late.map(({ at }) => at.slice(0, 16))).toEqual([
      '2024-02-20T00:00',
      '2024-02-24T18:00',
      '2024-02-28T18:00',
      '2024-03-01T19:00',
      '2024-03-05T19:00',
      '2024-03-10T19:00',
      '2024-03-30T19:00',
    ]);
  });

  it('never falls and never stands before the opening', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: -60, max: 60 }), (n, offset) => {
        const dueOn = addDays(plainDate('2020-06-01'), n);
        const openedAt = instantOfMs(Date.parse(`${addDays(dueOn, offset)}T07:30:00Z`));
        const ats = operatorSteps(rules, { openedAt, dueOn }).map(({ at }) => at);
        expect(ats).toEqual([...ats].sort());
        expect(ats[0]).toBe(openedAt);
      }),
    );
  });

  it('is complete at once for an obligation that was overdue for long when it was opened', () => {
    const openedAt = instant('2022-01-01T00:00:00Z');
    const old = operatorSteps(rules, { openedAt, dueOn: plainDate('2021-01-11') });
    const due = dueSteps(old, undefined, openedAt);
    expect(due.passed).toHaveLength(7);
    expect(due.highest).toMatchObject({ step: 'overdue-30', at: openedAt });
    expect(nextStepAt(old, openedAt)).toBeUndefined();
  });

  it('gives after downtime the highest step passed, and what else was passed', () => {
    const down = instant('2021-01-06T00:00:00Z');
    const due = dueSteps(steps, down, instant('2021-01-16T00:00:00Z'));
    expect(due.passed.map(({ step }) => step)).toEqual(['before-1', 'overdue', 'overdue-5']);
    expect(due.highest?.step).toBe('overdue-5');
    expect(nextStepAt(steps, down)).toBe('2021-01-09T18:00:00.000Z');
  });

  it('reaches a step at its instant, once', () => {
    const overdue = instant('2021-01-11T18:00:00Z');
    const justBefore = instantOfMs(msOf(overdue) - 1);
    expect(dueSteps(steps, instant('2021-01-10T00:00:00Z'), justBefore)).toEqual({ passed: [], highest: undefined });
    expect(dueSteps(steps, justBefore, overdue).highest?.step).toBe('overdue');
    expect(dueSteps(steps, overdue, instantOfMs(msOf(overdue) + 1)).passed).toEqual([]);
  });

  it('gives every step once, whatever the instants of the sweeps', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 60 * 24 }), { minLength: 1, maxLength: 30 }), (hours) => {
        const sweeps = hours
          .sort((a, b) => a - b)
          .map((h) => instantOfMs(Date.parse('2021-01-01T03:00:00Z') + h * 3_600_000));
        let from: (typeof sweeps)[number] | undefined;
        const seen: string[] = [];
        for (const now of sweeps) {
          seen.push(...dueSteps(steps, from, now).passed.map(({ step }) => step));
          from = now;
        }
        expect(seen).toEqual(dueSteps(steps, undefined, sweeps.at(-1)!).passed.map(({ step }) => step));
      }),
    );
  });
});

describe("the authority's own ladder", () => {
  it('counts hours from receipt, alerts at the end of the nominal day and breaches at the end of the rolled one', () => {
    const deadline = noticeDeadline(rules, sampleCalendar, plainDate('2021-03-19'));
    expect(authoritySteps(rules, { receivedAt: instant('2021-03-19T05:00:00Z'), deadline })).toEqual([
      { step: '24h', at: '2021-03-20T05:00:00.000Z' },
      { step: '72h', at: '2021-03-22T05:00:00.000Z' },
      { step: '96h', at: '2021-03-23T05:00:00.000Z' },
      { step: 'nominal-due', at: '2021-03-24T18:00:00.000Z' },
      { step: 'breach', at: '2021-03-25T18:00:00.000Z' },
    ]);
  });

  it('ranks the breach above the nominal day when both are the same instant', () => {
    const deadline = noticeDeadline(rules, sampleCalendar, plainDate('2022-10-17'));
    const steps = authoritySteps(rules, { receivedAt: instant('2022-10-17T05:00:00Z'), deadline });
    const due = dueSteps(steps, instant('2022-10-22T00:00:00Z'), deadline.endsAt);
    expect(due.passed.map(({ step }) => step)).toEqual(['nominal-due', 'breach']);
    expect(due.highest?.step).toBe('breach');
  });
});
