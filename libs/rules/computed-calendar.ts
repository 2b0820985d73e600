import HolidaysModule from 'date-holidays';
import { addDays, dayOfWeek, plainDate, type PlainDate } from '#libs/kernel';

/*
 * The days off of Kazakhstan for the years whose decrees nobody has read in yet. From the package date-holidays we take
 * the holidays themselves and not its substitute days, which are wrong where holidays stand side by side (a Sunday
 * 21 March "moves" onto the holiday of 23 March). Decrees that move days off and make Saturdays working are not
 * foreseeable: that is why every day here is marked computed.
 */

export interface ComputedDay {
  readonly date: PlainDate;
  readonly kind: 'holiday' | 'moved_day_off' | 'religious_day_off';
  readonly name: string;
}

export interface ComputedCalendar {
  readonly calendar: string;
  readonly version: string;
  readonly computed: true;
  readonly source: string;
  readonly weekend: readonly ['saturday', 'sunday'];
  readonly from: PlainDate;
  readonly to: PlainDate;
  readonly days: readonly ComputedDay[];
}

/** The package's English names to those of the calendar read from decrees; an unknown name stops the generator. */
const names: Readonly<Record<string, readonly [name: string, kind: 'holiday' | 'religious_day_off']>> = {
  "New Year's Day": ['New Year', 'holiday'],
  'Orthodox Christmas': ['Orthodox Christmas', 'religious_day_off'],
  "International Women's Day": ["Women's Day", 'holiday'],
  Nauryz: ['Nauryz', 'holiday'],
  "People's Unity Day": ['Unity Day', 'holiday'],
  'Defender of the Fatherland Day': ['Defender Day', 'holiday'],
  'Victory Day': ['Victory Day', 'holiday'],
  'Capital City Day': ['Capital Day', 'holiday'],
  'Eid al-Adha': ['Kurban-ait', 'religious_day_off'],
  'Constitution Day': ['Constitution Day', 'holiday'],
  'Republic Day': ['Republic Day', 'holiday'],
  "First President's Day": ['First President Day', 'holiday'],
  'Independence Day': ['Independence Day', 'holiday'],
};

/**
 * The Constitution of 2026 is in force from 1 July 2026 and its day, 15 March, is kept from 2027; the day of the former,
 * 30 August, is no longer kept in 2026. The package keeps 15 March in 2026 already.
 */
const notKept: ReadonlySet<string> = new Set(['2026-03-15']);

const weekdays = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The holidays of the years, and the days off moved by the rule "a holiday on a weekend gives the next working day off". */
export function computeDaysOff(fromYear: number, toYear: number): readonly ComputedDay[] {
  // CommonJS gives the class itself or under `default`, by who loads it.
  const Holidays = (HolidaysModule as { default?: typeof HolidaysModule }).default ?? HolidaysModule;
  const holidays = new Holidays('KZ');
  const days = new Map<PlainDate, ComputedDay>();
  for (let year = fromYear; year <= toYear; year++)
    for (const { date: text, name, substitute } of holidays.getHolidays(year, 'en')) {
      const date = plainDate(text.slice(0, 10));
      if (substitute || notKept.has(date)) continue;
      const known = names[name];
      if (known === undefined) throw new Error(`${date}: a holiday not met before, ${JSON.stringify(name)}`);
      // A religious day that meets a holiday stays hidden behind it: the day is off either way, and a holiday moves.
      if (days.get(date)?.kind !== 'holiday') days.set(date, { date, kind: known[1], name: known[0] });
    }
  const inOrder = [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
  for (const { date, kind } of inOrder) {
    // The Labour Code moves no religious day off (article 85).
    if (kind !== 'holiday' || dayOfWeek(date) < 6) continue;
    let free = addDays(date, 1);
    while (dayOfWeek(free) >= 6 || days.has(free)) free = addDays(free, 1);
    days.set(free, {
      date: free,
      kind: 'moved_day_off',
      name: `for ${weekdays[dayOfWeek(date)]} ${date}`,
    });
  }
  return [...days.values()].sort((a, b) => (a.date < b.date ? -1 : 1));
}

/** The content of `calendar-kz-computed.json`: 2019 to 2040 without the period that was read from decrees. */
export function computedCalendar(read: { readonly from: string; readonly to: string }): ComputedCalendar {
  return {
    calendar: 'kz',
    version: 'computed-1',
    computed: true,
    source:
      'computed from the fixed holidays (package date-holidays 3.37.0) and the rule that a holiday on a weekend gives the next working day off; no decree was read',
    weekend: ['saturday', 'sunday'],
    from: plainDate('2019-01-01'),
    to: plainDate('2040-12-31'),
    days: computeDaysOff(2019, 2040).filter(({ date }) => date < read.from || date > read.to),
  };
}
