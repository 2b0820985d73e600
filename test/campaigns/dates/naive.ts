/*
 * The deadlines once more, as naively as can be: days are walked one by one, the offset of Almaty is written down by
 * hand. It shares no code with the first implementation, and a spec sees to it that it takes in no other file.
 */

export interface NaiveCalendar {
  /** Sunday 0 … Saturday 6. */
  weekend: number[];
  /** `YYYY-MM-DD` to the kind of day. */
  kinds: { [day: string]: string };
  /** Days outside were guessed, unless named in `certain`. */
  readFrom: string;
  readTo: string;
  certain: { [day: string]: boolean };
}

export interface NaiveResult {
  nominal: string;
  due: string;
  /** Milliseconds since 1970 of 24:00 of the due day in Almaty. */
  endsAtMs: number;
  skipped: string[];
  guessed: boolean;
}

const leap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const monthLength = (year: number, month: number) =>
  month === 2 ? (leap(year) ? 29 : 28) : month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
const two = (n: number) => (n < 10 ? `0${n}` : `${n}`);
const split = (day: string): [number, number, number] => {
  const [y = 0, m = 0, d = 0] = day.split('-').map(Number);
  return [y, m, d];
};

export function dayAfter(day: string): string {
  let [year, month, date] = split(day);
  date += 1;
  if (date > monthLength(year, month)) {
    date = 1;
    month += 1;
  }
  if (month > 12) {
    month = 1;
    year += 1;
  }
  return `${year}-${two(month)}-${two(date)}`;
}

export function dayBefore(day: string): string {
  let [year, month, date] = split(day);
  date -= 1;
  if (date < 1) {
    month -= 1;
    if (month < 1) {
      month = 12;
      year -= 1;
    }
    date = monthLength(year, month);
  }
  return `${year}-${two(month)}-${two(date)}`;
}

export function walk(day: string, steps: number): string {
  let at = day;
  for (let n = 0; n < Math.abs(steps); n++) at = steps > 0 ? dayAfter(at) : dayBefore(at);
  return at;
}

/** Days since 1 January 1970, counted year by year and month by month. */
function serial(day: string): number {
  const [year, month, date] = split(day);
  let days = 0;
  for (let y = 1970; y < year; y++) days += leap(y) ? 366 : 365;
  for (let m = 1; m < month; m++) days += monthLength(year, m);
  return days + date - 1;
}

/** Sunday 0 … Saturday 6; 1 January 1970 was a Thursday. */
export const weekday = (day: string): number => (serial(day) + 4) % 7;

/**
 * 00:00 in Almaty: six hours before UTC until 1 March 2024, five since. At 24:00 of 29 February the clocks went back to
 * 23:00 of that same day, so that 1 March began by the new time.
 */
export function midnightInAlmaty(day: string): number {
  const hours = day < '2024-03-01' ? 6 : 5;
  return serial(day) * 86_400_000 - hours * 3_600_000;
}

const isFree = (calendar: NaiveCalendar, day: string): boolean => {
  const kind = calendar.kinds[day];
  if (kind === 'working_weekend') return false;
  if (kind !== undefined) return true;
  return calendar.weekend.includes(weekday(day));
};

const isGuess = (calendar: NaiveCalendar, day: string): boolean =>
  (day < calendar.readFrom || day > calendar.readTo) && !calendar.certain[day];

function finish(nominal: string, roll: boolean, calendar: NaiveCalendar): NaiveResult {
  const skipped: string[] = [];
  let due = nominal;
  let guessed = false;
  if (roll) {
    guessed = isGuess(calendar, due);
    while (isFree(calendar, due)) {
      skipped.push(due);
      due = dayAfter(due);
      if (isGuess(calendar, due)) guessed = true;
    }
  }
  return { nominal, due, endsAtMs: midnightInAlmaty(dayAfter(due)), skipped, guessed };
}

export const naivePlanned = (
  how: { before: boolean; days: number; roll: boolean },
  calendar: NaiveCalendar,
  day: string,
): NaiveResult =>
  how.before ? finish(walk(day, -how.days), false, calendar) : finish(walk(day, how.days), how.roll, calendar);

/** `month` 1, 4, 7 or 10: the first month of the quarter. */
export function naiveQuarterly(
  how: { byDay: number; itself: boolean; roll: boolean },
  calendar: NaiveCalendar,
  year: number,
  month: number,
): NaiveResult {
  const nextYear = month === 10 ? year + 1 : year;
  const nextMonth = month === 10 ? 1 : month + 3;
  let nominal = `${nextYear}-${two(nextMonth)}-${two(how.byDay)}`;
  if (!how.itself) nominal = dayBefore(nominal);
  return finish(nominal, how.roll, calendar);
}

/** Clauses 5 and 6: so many days after the event. */
export const naiveAfter = (how: { days: number; roll: boolean }, calendar: NaiveCalendar, day: string): NaiveResult =>
  finish(walk(day, how.days), how.roll, calendar);

export function naiveExtension(result: NaiveResult, orderedDay: string): NaiveResult {
  if (orderedDay <= result.due) return result;
  return { ...result, due: orderedDay, endsAtMs: midnightInAlmaty(dayAfter(orderedDay)) };
}

/** When the operators' alerts are due, in ladder order, ms since 1970. */
export function naiveLadder(due: string, openedMs: number): number[] {
  const midnights = [
    midnightInAlmaty(walk(due, -5)),
    midnightInAlmaty(walk(due, -1)),
    midnightInAlmaty(dayAfter(due)),
    midnightInAlmaty(walk(due, 5)),
    midnightInAlmaty(walk(due, 10)),
    midnightInAlmaty(walk(due, 30)),
  ];
  return [openedMs, ...midnights.map((ms) => (ms < openedMs ? openedMs : ms))];
}
