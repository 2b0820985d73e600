import type { PlainDate } from '#libs/kernel';
import { weekdayName } from './calendar.js';
import type { Deadline, DeadlineTrace, SkippedDay, TriggerKind } from './deadline.js';

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `Monday 11 January 2021`: no order of day and month to mistake. */
const inWords = (day: PlainDate): string =>
  `${weekdayName(day)} ${Number(day.slice(8))} ${months[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;

const ordinal = (n: number): string => {
  const tail = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th');
  return `${n}${tail}`;
};

const plural = (n: number, one: string): string => `${n} ${one}${n === 1 ? '' : 's'}`;

const duty = { '3': 'planned construction', '4': 'quarterly reference', '5': 'termination', '6': 'notice' } as const;

function trigger({ what, on, period }: DeadlineTrace['trigger']): string {
  const words: Record<TriggerKind, string> = {
    design_start: `Design is planned to start on ${inWords(on)}.`,
    decision: `The construction was decided on ${inWords(on)}.`,
    quarter_end: `The quarter ${period ?? ''} ended on ${inWords(on)}.`,
    activity_end: `Mining ended on ${inWords(on)}.`,
    receipt: `The filing was received on ${inWords(on)}.`,
  };
  return words[what];
}

function length(trace: DeadlineTrace): string {
  const term = trace.length;
  if ('byDay' in term) {
    const day = `the ${ordinal(term.byDay)}`;
    return term.dayItselfCounts
      ? `It is due by ${day} day of the month after the quarter, and ${day} itself is in time.`
      : `It is due before ${day} day of the month after the quarter, so ${day} itself is too late.`;
  }
  const day1 = trace.firstDay === undefined ? '' : `; day 1 is ${inWords(trace.firstDay)}`;
  return term.counted === 'forward'
    ? `The term is ${plural(term.days, 'calendar day')} after that day${day1}.`
    : `The term is at least ${plural(term.days, 'calendar day')} before that day, counted back${day1}.`;
}

const kinds: Record<SkippedDay['kind'], string> = {
  weekend: 'a weekend',
  holiday: 'a public holiday',
  moved_day_off: 'a moved day off',
  religious_day_off: 'a religious day off',
};

const skippedDay = (day: SkippedDay): string =>
  `${inWords(day.on)} is not a working day: ${kinds[day.kind]}${day.kind === 'weekend' || day.name === '' ? '' : ` (${day.name})`}${
    day.computed ? ', as computed, not read from a decree' : ''
  }.`;

function rolling(trace: DeadlineTrace, rolledTo: PlainDate): string {
  if (trace.roll === 'none')
    return 'counted' in trace.length && trace.length.counted === 'back'
      ? 'A term counted back does not move for days off, since that would shorten the advance.'
      : 'This term does not move for days off.';
  return trace.skipped.length === 0
    ? `${inWords(rolledTo)} is a working day, so the day stays.`
    : `The last day therefore moves to the next working day, ${inWords(rolledTo)}.`;
}

/**
 * How the date was found, one English sentence a line, in the order of the reasoning. Reads the stored trace only: no
 * rule set, calendar or clock.
 */
export function explainDeadline({ trace }: Pick<Deadline, 'trace'>): string[] {
  const orders = [...(trace.earlierExtensions ?? []), ...(trace.extendedBy ? [trace.extendedBy] : [])];
  const rolledTo = orders[0]?.insteadOf ?? trace.dueOn;
  const { id, version, computed } = trace.calendar;
  return [
    `Rule set ${trace.ruleSet.id} (SHA-256 ${trace.ruleSet.hash}): ${trace.ruleSet.citation.replace(/\.$/, '')}.`,
    `Clause ${trace.clause}, ${duty[trace.clause]}, read as ${trace.reading}.`,
    trigger(trace.trigger),
    length(trace),
    `Its last day as counted is ${inWords(trace.nominalOn)}.`,
    ...trace.skipped.map(skippedDay),
    rolling(trace, rolledTo),
    ...orders.map(
      (order) =>
        `Order ${order.orderId} extended the term from ${inWords(order.insteadOf)} to ${inWords(order.dueOn)}: ${order.reason.replace(/\.$/, '')}.`,
    ),
    `The term ends at 24:00 on ${inWords(trace.dueOn)} by the clock of ${trace.zone}, which is ${trace.endsAt} in UTC.`,
    ...(trace.roll === 'none'
      ? []
      : [
          `Working days are those of calendar ${id}, version ${version}${
            computed ? '; for these days it is computed from fixed holidays and awaits the decrees' : ''
          }.`,
        ]),
  ];
}
