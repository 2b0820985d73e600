import { addDays, dayOfWeek, type PlainDate } from '#libs/kernel';

export type CalendarDayKind = 'holiday' | 'moved_day_off' | 'religious_day_off' | 'working_weekend';

/** A day that differs from what its day of the week says. `computed`: from fixed holidays, no decree was read. */
export interface CalendarDay {
  readonly kind: CalendarDayKind;
  readonly name: string;
  readonly computed?: true;
}

/** Calendars change during a year, so each has a version, and a deadline names the version it used. */
export interface Calendar {
  readonly id: string;
  readonly version: string;
  /** Days of the week that are not worked, 1 Monday … 7 Sunday. */
  readonly weekend: readonly number[];
  readonly days: ReadonlyMap<PlainDate, CalendarDay>;
  /** The period (both days inclusive) for which the days were read from decrees; outside it they are computed. */
  readonly computedOutside?: { readonly from: PlainDate; readonly to: PlainDate };
  /** Days that a correction declared ordinary: no longer computed, though they have no entry. */
  readonly ordinary?: ReadonlySet<PlainDate>;
  /** The period for which anything but weekends is known at all. */
  readonly covers?: { readonly from: PlainDate; readonly to: PlainDate };
}

export interface NonWorkingReason {
  readonly kind: Exclude<CalendarDayKind, 'working_weekend'> | 'weekend';
  readonly name: string;
  readonly computed?: true;
}

export interface CalendarCorrection {
  /** The version the corrected calendar has. */
  readonly version: string;
  /** `ordinary`: the day is again what its day of the week says. */
  readonly changes: readonly {
    readonly date: PlainDate;
    readonly kind: CalendarDayKind | 'ordinary';
    readonly name: string;
  }[];
}

const weekdayNames = ['', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] as const;

/** English name of the day of the week. */
export const weekdayName = (day: PlainDate): string => weekdayNames[dayOfWeek(day)]!;

/** Why `day` is not worked; undefined when it is a working day. */
export function nonWorkingReason(calendar: Calendar, day: PlainDate): NonWorkingReason | undefined {
  const entry = calendar.days.get(day);
  if (entry !== undefined) {
    if (entry.kind === 'working_weekend') return undefined;
    return { kind: entry.kind, name: entry.name, ...(entry.computed ? { computed: true } : {}) };
  }
  const weekday = dayOfWeek(day);
  return calendar.weekend.includes(weekday) ? { kind: 'weekend', name: weekdayNames[weekday]! } : undefined;
}

export const isWorkingDay = (calendar: Calendar, day: PlainDate): boolean =>
  nonWorkingReason(calendar, day) === undefined;

/** Longer than any run of days off there ever was; a calendar beyond it is broken. */
export const longestRunOfDaysOff = 60;

/**
 * The day itself when it is worked, else the first working day after it.
 * @throws RangeError when no working day follows within 60 days: the calendar cannot be right.
 */
export function nextWorkingDay(calendar: Calendar, day: PlainDate): PlainDate {
  let candidate = day;
  for (let n = 0; n <= longestRunOfDaysOff; n++) {
    if (isWorkingDay(calendar, candidate)) return candidate;
    candidate = addDays(candidate, 1);
  }
  throw new RangeError(`calendar ${calendar.id} ${calendar.version} has no working day from ${day} on`);
}

/** Whether what the calendar says about `day` was computed and not read from a decree. */
export function isComputedDay(calendar: Calendar, day: PlainDate): boolean {
  const entry = calendar.days.get(day);
  if (entry !== undefined) return entry.computed === true;
  if (calendar.ordinary?.has(day)) return false;
  const read = calendar.computedOutside;
  return read !== undefined && (day < read.from || day > read.to);
}

/**
 * The calendar with some days changed, under its new version. A corrected day no longer counts as computed.
 * @throws RangeError when the version is the old one, a date is named twice, or a `working_weekend` is no weekend day.
 */
export function correctCalendar(calendar: Calendar, correction: CalendarCorrection): Calendar {
  if (correction.version === calendar.version)
    throw new RangeError(`a corrected calendar needs a new version; ${calendar.version} is taken`);
  const days = new Map(calendar.days);
  const ordinary = new Set(calendar.ordinary);
  const seen = new Set<PlainDate>();
  for (const { date, kind, name } of correction.changes) {
    if (seen.has(date)) throw new RangeError(`${date} is named twice in the correction ${correction.version}`);
    seen.add(date);
    if (kind === 'working_weekend' && !calendar.weekend.includes(dayOfWeek(date)))
      throw new RangeError(`${date} is a ${weekdayName(date)}: only a weekend day can become a working weekend day`);
    if (kind === 'ordinary') {
      days.delete(date);
      ordinary.add(date);
    } else {
      days.set(date, { kind, name });
      ordinary.delete(date);
    }
  }
  return { ...calendar, version: correction.version, days, ordinary };
}
