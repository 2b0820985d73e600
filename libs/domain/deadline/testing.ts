import { decimal, plainDate, quarter, type PlainDate } from '#libs/kernel';
import type { Calendar, CalendarDay } from './calendar.js';
import type { RuleSet } from './rule-set.js';

/** For specs of the pure functions only: the readings of Order 384 without the data files. */
export const sampleRules: RuleSet = {
  id: 'sample',
  hash: 'a'.repeat(64),
  title: 'Sample',
  citation: 'Order No. 384/НҚ of 13 October 2020',
  zone: 'Asia/Almaty',
  calendarId: 'sample',
  inForce: { from: plainDate('2020-10-27'), to: plainDate('2023-06-03') },
  firstPeriod: quarter('2020-Q4'),
  dayCount: 'next-day-is-first',
  plannedConstruction: {
    clause: '3',
    reading: 'AT_LEAST_BEFORE',
    days: 30,
    roll: 'none',
    withoutTrigger: 'undetermined',
  },
  quarterlyReference: {
    clause: '4',
    byDay: 10,
    dayItselfCounts: true,
    roll: 'next-working-day',
    brokenLastQuarter: 'owed',
  },
  termination: { clause: '5', days: 10, roll: 'next-working-day', covers: 'one-or-all-centres' },
  notice: {
    clause: '6',
    days: 5,
    roll: 'next-working-day',
    triggers: ['planned_construction', 'quarterly_reference', 'termination'],
    corrections: 'when-notified-value-changes',
    terminationPowerMw: decimal('0'),
    startsWhen: 'received',
  },
  received: { electronic: 'when-recorded', paper: 'incoming-stamp' },
  existingCentre: { by: ['commissioning', 'first-quarterly-reference'] },
  incompleteFilings: 'accept-and-mark',
  registration: 'next-working-day',
  noticePerformed: 'when-sent',
  noticeClosed: 'when-acknowledged',
  sanctions: 'none',
  ladder: {
    operator: [
      { step: 'opened', day: null, toSeniorOfficer: false },
      { step: 'before-5', day: -5, toSeniorOfficer: false },
      { step: 'before-1', day: -1, toSeniorOfficer: false },
      { step: 'overdue', day: 1, toSeniorOfficer: false },
      { step: 'overdue-5', day: 5, toSeniorOfficer: false },
      { step: 'overdue-10', day: 10, toSeniorOfficer: true },
      { step: 'overdue-30', day: 30, toSeniorOfficer: true },
    ],
    authority: [
      { step: '24h', hours: 24 },
      { step: '72h', hours: 72 },
      { step: '96h', hours: 96 },
      { step: 'nominal-due', hours: null },
      { step: 'breach', hours: null },
    ],
  },
  why: {},
};

const days: readonly (readonly [string, CalendarDay['kind'], string])[] = [
  ['2021-03-08', 'holiday', "Women's Day"],
  ['2021-03-22', 'holiday', 'Nauryz'],
  ['2021-03-23', 'holiday', 'Nauryz'],
  ['2021-03-24', 'moved_day_off', ''],
  ['2022-10-22', 'working_weekend', 'for Mon 24 October'],
  ['2022-10-24', 'moved_day_off', ''],
  ['2022-10-25', 'holiday', 'Republic Day'],
];

export const sampleCalendar: Calendar = {
  id: 'sample',
  version: '1',
  weekend: [6, 7],
  days: new Map<PlainDate, CalendarDay>([
    ...days.map(([date, kind, name]) => [plainDate(date), { kind, name }] as const),
    [plainDate('2024-03-08'), { kind: 'holiday', name: "Women's Day", computed: true }],
  ]),
  computedOutside: { from: plainDate('2020-10-01'), to: plainDate('2023-12-31') },
  covers: { from: plainDate('2019-01-01'), to: plainDate('2040-12-31') },
};
