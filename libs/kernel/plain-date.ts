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
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? (text as PlainDate) : undefined;
}

const toMs = (day: PlainDate) => Date.parse(`${day}T00:00:00Z`);
const fromMs = (ms: number) => new Date(ms).toISOString().slice(0, 10) as PlainDate;

/** `days` may be negative. Days are counted on the calendar, so no clock change can lose or add one. */
export const addDays = (day: PlainDate, days: number): PlainDate => fromMs(toMs(day) + days * dayMs);
/** How many days later `to` is than `from`; negative when it is earlier. */
export const daysBetween = (from: PlainDate, to: PlainDate): number => Math.round((toMs(to) - toMs(from)) / dayMs);
/** 1 Monday … 7 Sunday (ISO 8601). */
export const dayOfWeek = (day: PlainDate): number => new Date(toMs(day)).getUTCDay() || 7;
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
  return fromMs(ms + offsetMs(zone, ms));
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
