import type { Calendar, CalendarDay } from '#libs/domain';
import { dayOfWeek, type PlainDate } from '#libs/kernel';
import { anyText, day, fail, flag, list, object, oneOf, text, type Place, type Reader } from './shape.js';

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

const shape = object(
  {
    calendar: text,
    version: text,
    source: text,
    weekend: list(oneOf(...weekdays), { atLeast: 1 }),
    from: day,
    to: day,
    days: list(
      object({
        date: day,
        kind: oneOf('holiday', 'moved_day_off', 'religious_day_off', 'working_weekend'),
        name: anyText,
      }),
    ),
  },
  { computed: flag },
);

/** One calendar file: read from decrees for from..to, or computed for the days of from..to that no decree file covers. */
export interface CalendarFile {
  readonly file: string;
  readonly id: string;
  readonly version: string;
  readonly source: string;
  readonly computed: boolean;
  /** 1 Monday … 7 Sunday. */
  readonly weekend: readonly number[];
  readonly from: PlainDate;
  readonly to: PlainDate;
  readonly days: readonly (CalendarDay & { readonly date: PlainDate })[];
}

/** @throws RulesDataError naming file and field. */
export const readCalendarFile: Reader<CalendarFile> = (value, place) => {
  const read = shape(value, place);
  if (read.to < read.from) fail({ ...place, field: 'to' }, `${read.to} is before from, ${read.from}`);
  const weekend = read.weekend.map((name) => weekdays.indexOf(name) + 1).sort();
  if (new Set(weekend).size !== weekend.length || weekend.length > 6)
    fail({ ...place, field: 'weekend' }, 'a day stands twice, or none is left');
  read.days.forEach(({ date, kind }, n) => {
    const at: Place = { ...place, field: `days[${n}].date` };
    if (date < read.from || date > read.to) fail(at, `${date} is outside ${read.from} to ${read.to}`);
    if (n > 0 && date <= read.days[n - 1]!.date)
      fail(at, `${date} does not follow ${read.days[n - 1]!.date}: days must rise`);
    if (kind === 'working_weekend' && !weekend.includes(dayOfWeek(date))) fail(at, `${date} is no weekend day`);
  });
  const { calendar: id, version, source, from, to, days, computed = false } = read;
  return { file: place.file, id, version, source, computed, weekend, from, to, days };
};

/**
 * The calendar of one id: the file read from decrees, and around its period the days of the computed file, marked so.
 * Its version names both, since a deadline may hang on either.
 * @throws RulesDataError when there is not exactly one file read from decrees, or the two disagree.
 */
export function assembleCalendar(files: readonly CalendarFile[]): Calendar {
  const [read, ...more] = files.filter(({ computed }) => !computed);
  const [guess, ...others] = files.filter(({ computed }) => computed);
  const first = files[0]!;
  if (read === undefined)
    fail({ file: first.file, field: 'computed' }, `calendar ${first.id} has no file that is not computed`);
  if (more[0]) fail({ file: more[0].file, field: 'calendar' }, `${read.file} is calendar ${read.id} already`);
  if (others[0] && guess)
    fail({ file: others[0].file, field: 'calendar' }, `${guess.file} is the computed calendar ${guess.id} already`);
  const days = new Map<PlainDate, CalendarDay>();
  if (guess === undefined) {
    for (const { date, kind, name } of read.days) days.set(date, { kind, name });
    const period = { from: read.from, to: read.to };
    return { id: read.id, version: read.version, weekend: read.weekend, days, computedOutside: period, covers: period };
  }
  if (guess.weekend.join() !== read.weekend.join())
    fail({ file: guess.file, field: 'weekend' }, `not that of ${read.file}`);
  guess.days.forEach(({ date, kind, name }, n) => {
    if (date >= read.from && date <= read.to)
      fail({ file: guess.file, field: `days[${n}].date` }, `${date} is in the period that ${read.file} speaks for`);
    days.set(date, { kind, name, computed: true });
  });
  for (const { date, kind, name } of read.days) days.set(date, { kind, name });
  return {
    id: read.id,
    version: `${read.version}+${guess.version}`,
    weekend: read.weekend,
    days,
    computedOutside: { from: read.from, to: read.to },
    covers: { from: guess.from < read.from ? guess.from : read.from, to: guess.to > read.to ? guess.to : read.to },
  };
}
