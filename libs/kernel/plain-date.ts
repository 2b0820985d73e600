import { Temporal } from 'temporal-polyfill';

/**
 * A calendar day `YYYY-MM-DD`, of no place and no time of day. Due dates are PlainDates until the last step: a due date
 * kept as an instant shows as the day before to a reader in another zone, and "late" on the due day is a legal fault.
 */
export type PlainDate = string & { readonly __plainDate: true };
/** An instant in UTC, `YYYY-MM-DDTHH:mm:ss.sssZ`: always 24 characters, so that text order is time order. */
export type Instant = string & { readonly __instant: true };
/** An IANA zone name, e.g. `Asia/Almaty`. */
export type Zone = string;

const dayMs = 86_400_000;
const datePattern = /^\d{4}-\d{2}-\d{2}$/;

/** @throws RangeError when `text` is not an existing day (30 February, 2021-1-5, years outside 1900 to 2199). */
export function plainDate(text: string): PlainDate {
  const found = findPlainDate(text);
  if (found === undefined) throw new RangeError(`not a calendar day: ${JSON.stringify(text)}`);
  return found;
}

export function findPlainDate(text: string): PlainDate | undefined {
  if (!datePattern.test(text) || text < '1900' || text >= '2200') return undefined;
  // A day that does not exist comes back as another one.
  return fromDayNumber(toDayNumber(text as PlainDate)) === text ? (text as PlainDate) : undefined;
}

/**
 * Days since 1970-01-01 and back, by integer arithmetic over 400-year cycles that begin in March (so the leap day is the
 * last of its year). Deadlines are computed by the million; going through Date costs ten times as much.
 */
function toDayNumber(day: PlainDate): number {
  const month = (day.charCodeAt(5) - 48) * 10 + day.charCodeAt(6) - 48;
  const dayOfMonth = (day.charCodeAt(8) - 48) * 10 + day.charCodeAt(9) - 48;
  const year = Number(day.slice(0, 4)) - (month <= 2 ? 1 : 0);
  const cycle = Math.floor(year / 400);
  const yearOfCycle = year - cycle * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + dayOfMonth - 1;
  const dayOfCycle = yearOfCycle * 365 + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100) + dayOfYear;
  return cycle * 146_097 + dayOfCycle - 719_468;
}

const twoDigits = Array.from({ length: 100 }, (_, n) => String(n).padStart(2, '0'));

function fromDayNumber(number: number): PlainDate {
  const shifted = number + 719_468;
  const cycle = Math.floor(shifted / 146_097);
  const dayOfCycle = shifted - cycle * 146_097;
  const yearOfCycle = Math.floor(
    (dayOfCycle - Math.floor(dayOfCycle / 1460) + Math.floor(dayOfCycle / 36_524) - Math.floor(dayOfCycle / 146_096)) /
      365,
  );
  const dayOfYear = dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0);
  return `${year}-${twoDigits[month]}-${twoDigits[dayOfMonth]}` as PlainDate;
}

/** `days` may be negative. Days are counted on the calendar, so no clock change can lose or add one. */
export const addDays = (day: PlainDate, days: number): PlainDate => fromDayNumber(toDayNumber(day) + days);
/** How many days later `to` is than `from`; negative when it is earlier. */
export const daysBetween = (from: PlainDate, to: PlainDate): number => toDayNumber(to) - toDayNumber(from);
/** 1 Monday … 7 Sunday (ISO 8601). */
export const dayOfWeek = (day: PlainDate): number => ((((toDayNumber(day) + 3) % 7) + 7) % 7) + 1;
export const earlier = (a: PlainDate, b: PlainDate): PlainDate => (a < b ? a : b);
export const later = (a: PlainDate, b: PlainDate): PlainDate => (a < b ? b : a);

/** The instant of a text with `Z` or an offset (RFC 3339); undefined when the text names no existing instant. */
export function findInstant(text: string): Instant | undefined {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.exec(text);
  if (!match || findPlainDate(match[1]!) === undefined) return undefined;
  try {
    return Temporal.Instant.from(text).toString({ fractionalSecondDigits: 3 }) as Instant;
  } catch {
    return undefined;
  }
}

/** @throws RangeError when `text` names no existing instant. */
export function instant(text: string): Instant {
  const found = findInstant(text);
  if (found === undefined) throw new RangeError(`not an instant with an offset: ${JSON.stringify(text)}`);
  return found;
}

export const instantOfMs = (ms: number): Instant => new Date(ms).toISOString() as Instant;
export const msOf = (at: Instant): number => Date.parse(at);

/** Offsets per zone and UTC hour: the tz rules of every zone we know change on whole hours, so an hour has one offset. */
const offsets = new Map<string, number>();
function offsetMs(zone: Zone, ms: number): number {
  const hour = Math.floor(ms / 3_600_000);
  const key = `${zone}/${hour}`;
  let offset = offsets.get(key);
  if (offset === undefined) {
    if (offsets.size > 200_000) offsets.clear();
    offset =
      Temporal.Instant.fromEpochMilliseconds(hour * 3_600_000).toZonedDateTimeISO(zone).offsetNanoseconds / 1_000_000;
    offsets.set(key, offset);
  }
  return offset;
}

/** The calendar day a clock on the wall in `zone` shows at `at`. */
export function dayAt(at: Instant, zone: Zone): PlainDate {
  const ms = msOf(at);
  return fromDayNumber(Math.floor((ms + offsetMs(zone, ms)) / dayMs));
}

/** `YYYY-MM-DD HH:mm` as the wall clock in `zone` shows it, for people. */
export function wallClock(at: Instant, zone: Zone): string {
  const ms = msOf(at);
  return new Date(ms + offsetMs(zone, ms)).toISOString().slice(0, 16).replace('T', ' ');
}

/** `time` is `HH:mm`; where a clock change skips or repeats it, Temporal's "compatible" reading. */
export function instantAt(day: PlainDate, time: string, zone: Zone): Instant {
  return Temporal.PlainDateTime.from(`${day}T${time}`).toZonedDateTime(zone).toInstant().toString({
    fractionalSecondDigits: 3,
  }) as Instant;
}

const midnights = new Map<string, Instant>();
/** 00:00 of `day` in `zone`. */
export function startOfDay(day: PlainDate, zone: Zone): Instant {
  const key = `${zone}/${day}`;
  let found = midnights.get(key);
  if (found === undefined) {
    if (midnights.size > 100_000) midnights.clear();
    found = instantAt(day, '00:00', zone);
    midnights.set(key, found);
  }
  return found;
}

/** 24:00 of `day` in `zone`: the first instant that is too late. */
export const endOfDay = (day: PlainDate, zone: Zone): Instant => startOfDay(addDays(day, 1), zone);
