import { readFileSync } from 'node:fs';
import path from 'node:path';
import { addDays, msOf, plainDate, quarter, type Instant, type PlainDate } from '#libs/kernel';
import { loadRules, rulesDataDir } from '#libs/rules';
import {
  correctCalendar,
  explainDeadline,
  extendDeadline,
  noticeDeadline,
  operatorSteps,
  plannedConstructionDeadline,
  quarterlyDeadline,
  terminationDeadline,
  type Calendar,
  type CalendarCorrection,
  type Deadline,
  type Roll,
  type RuleSet,
} from '#libs/domain';
import {
  naiveAfter,
  naiveExtension,
  naiveLadder,
  naivePlanned,
  naiveQuarterly,
  type NaiveCalendar,
  type NaiveResult,
} from './naive.js';

export interface DatesResult {
  readonly name: 'dates';
  readonly seed: number;
  readonly count: number;
  /** One line per disagreement of the two implementations, at most 20; empty is the good end. */
  readonly findings: readonly string[];
  readonly duties: { readonly [duty: string]: number };
  /** How many of the generated terms rolled, hung on a computed day, or were extended: zero would prove nothing. */
  readonly rolled: number;
  readonly computed: number;
  readonly extended: number;
  readonly zone: string;
}

/** A small seeded generator (mulberry32): the same seed gives the same dates everywhere. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

interface FileOfDays {
  readonly from: string;
  readonly to: string;
  readonly days: readonly { readonly date: string; readonly kind: string }[];
}

/** The naive side reads the data files by itself. */
function naiveCalendarFromFiles(): NaiveCalendar {
  const file = (name: string) => JSON.parse(readFileSync(path.join(rulesDataDir(), name), 'utf8')) as FileOfDays;
  const read = file('calendar-kz.json');
  const kinds: { [day: string]: string } = {};
  for (const { date, kind } of [...file('calendar-kz-computed.json').days, ...read.days]) kinds[date] = kind;
  return { weekend: [6, 0], kinds, readFrom: read.from, readTo: read.to, certain: {} };
}

const changeKinds = ['holiday', 'moved_day_off', 'religious_day_off', 'ordinary', 'working_weekend'] as const;

/** A random correction near `around`, for both sides. */
function corrected(
  base: Calendar,
  naiveBase: NaiveCalendar,
  around: PlainDate,
  version: string,
  draw: (below: number) => number,
): { calendar: Calendar; naive: NaiveCalendar } {
  const changes = new Map<PlainDate, CalendarCorrection['changes'][number]>();
  for (let n = draw(12); n > 0; n--) {
    const date = addDays(around, draw(40) - 20);
    const kind = changeKinds[draw(changeKinds.length)]!;
    const weekend = new Date(`${date}T12:00:00Z`).getUTCDay() % 6 === 0;
    if (kind !== 'working_weekend' || weekend) changes.set(date, { date, kind, name: `drawn ${n}` });
  }
  const calendar = correctCalendar(base, { version, changes: [...changes.values()] });
  const naive: NaiveCalendar = { ...naiveBase, kinds: { ...naiveBase.kinds }, certain: { ...naiveBase.certain } };
  for (const { date, kind } of changes.values()) {
    if (kind === 'ordinary') delete naive.kinds[date];
    else naive.kinds[date] = kind;
    naive.certain[date] = true;
  }
  return { calendar, naive };
}

const roll = (yes: boolean): Roll => (yes ? 'next-working-day' : 'none');

function differences(first: Deadline, second: NaiveResult): string[] {
  const pairs: [string, unknown, unknown][] = [
    ['nominalOn', first.nominalOn, second.nominal],
    ['dueOn', first.dueOn, second.due],
    ['endsAt', msOf(first.endsAt), second.endsAtMs],
    ['skipped', first.trace.skipped.map(({ on }) => on).join(), second.skipped.join()],
    ['computed', first.trace.calendar.computed === true, second.guessed],
    ['trace.dueOn', first.trace.dueOn, second.due],
    ['trace.endsAt', first.trace.endsAt, first.endsAt],
  ];
  return pairs.filter(([, a, b]) => a !== b).map(([what, a, b]) => `${what} ${String(a)} against ${String(b)}`);
}

/**
 * Computes `count` generated deadlines (four duties, both readings and rolls, calendars with random corrections, orders
 * of extension, operators' ladders) with both implementations and compares them day by day and instant by instant.
 */
export async function runDates(options: { readonly count: number; readonly seed: number }): Promise<DatesResult> {
  const { count, seed } = options;
  const draw = generator(seed);
  const catalogue = loadRules();
  const shipped = catalogue.ruleSet('kz-384-open');
  const base = catalogue.calendar(shipped.calendarId);
  const naiveBase = naiveCalendarFromFiles();
  const findings: string[] = [];
  const duties: { [duty: string]: number } = {};
  let rolled = 0;
  let computed = 0;
  let extended = 0;
  let around = plainDate('2021-01-01');
  let pair = { calendar: base, naive: naiveBase };

  for (let n = 0; n < count; n++) {
    if (n % 20 === 0) {
      // 2019-03-01 and 21 years on: the computed years before and after, and the years read from decrees.
      around =
        draw(2) === 0 ? addDays(plainDate('2020-10-20'), draw(1200)) : addDays(plainDate('2019-03-01'), draw(7700));
      pair =
        n % 60 === 0 ? { calendar: base, naive: naiveBase } : corrected(base, naiveBase, around, `drawn-${n}`, draw);
    }
    const { calendar, naive } = pair;
    const day = addDays(around, draw(40) - 30);
    const asShipped = draw(2) === 0;
    const days = asShipped ? 0 : 1 + draw(60);
    const rolls = asShipped || draw(2) === 0;
    const duty = (['planned', 'quarterly', 'termination', 'notice'] as const)[draw(4)]!;
    duties[duty] = (duties[duty] ?? 0) + 1;

    let first: Deadline | undefined;
    let second: NaiveResult;
    let rules: RuleSet = shipped;
    let what = `${duty} ${day}`;
    switch (duty) {
      case 'planned': {
        const before = asShipped || draw(2) === 0;
        const term = days || 30;
        if (!asShipped)
          rules = {
            ...shipped,
            plannedConstruction: {
              ...shipped.plannedConstruction,
              reading: before ? 'AT_LEAST_BEFORE' : 'WITHIN_AFTER',
              days: term,
              roll: roll(rolls),
            },
          };
        first = plannedConstructionDeadline(rules, calendar, before ? { designStartOn: day } : { decidedOn: day });
        second = naivePlanned({ before, days: term, roll: rolls }, naive, day);
        what += ` ${before ? 'before' : 'after'} ${term} ${rolls}`;
        break;
      }
      case 'quarterly': {
        const year = Number(day.slice(0, 4));
        const q = 1 + draw(4);
        const byDay = asShipped ? 10 : 2 + draw(27);
        const itself = asShipped || draw(2) === 0;
        if (!asShipped)
          rules = {
            ...shipped,
            quarterlyReference: { ...shipped.quarterlyReference, byDay, dayItselfCounts: itself, roll: roll(rolls) },
          };
        first = quarterlyDeadline(rules, calendar, quarter(`${year}-Q${q}`));
        second = naiveQuarterly({ byDay, itself, roll: rolls }, naive, year, q * 3 - 2);
        what += ` Q${q} by ${byDay} ${itself} ${rolls}`;
        break;
      }
      case 'termination': {
        const term = days || 10;
        if (!asShipped) rules = { ...shipped, termination: { ...shipped.termination, days: term, roll: roll(rolls) } };
        first = terminationDeadline(rules, calendar, day);
        second = naiveAfter({ days: term, roll: rolls }, naive, day);
        what += ` ${term} ${rolls}`;
        break;
      }
      case 'notice': {
        const term = days || 5;
        if (!asShipped) rules = { ...shipped, notice: { ...shipped.notice, days: term, roll: roll(rolls) } };
        first = noticeDeadline(rules, calendar, day);
        second = naiveAfter({ days: term, roll: rolls }, naive, day);
        what += ` ${term} ${rolls}`;
        break;
      }
    }
    if (first === undefined) {
      findings.push(`seed ${seed} date ${n} ${what}: no deadline`);
      continue;
    }
    if (second.skipped.length > 0) rolled++;
    if (second.guessed) computed++;
    for (let orders = draw(5) === 0 ? 1 + draw(2) : 0; orders > 0; orders--) {
      const orderedDay = addDays(first.dueOn, draw(30) - 8);
      const before: Deadline = first;
      first = extendDeadline(first, { orderId: `order-${n}`, reason: 'drawn', dueOn: orderedDay }, rules.zone);
      second = naiveExtension(second, orderedDay);
      if (first !== before) extended++;
    }
    const openedMs = second.endsAtMs - draw(80 * 24 * 60) * 60_000;
    const steps = operatorSteps(rules, { openedAt: new Date(openedMs).toISOString() as Instant, dueOn: first.dueOn });
    const faults = differences(first, second);
    const ladder = naiveLadder(second.due, openedMs);
    if (steps.map(({ at }) => msOf(at)).join() !== ladder.join())
      faults.push(`ladder ${JSON.stringify(steps)} against ${ladder.join()}`);
    const told = explainDeadline({ trace: JSON.parse(JSON.stringify(first.trace)) as Deadline['trace'] }).join('\n');
    if (!told.includes(first.endsAt) || told.includes('undefined')) faults.push(`explained as ${told}`);
    if (faults.length > 0 && findings.length < 20)
      findings.push(`seed ${seed} date ${n} ${what}, calendar ${calendar.version}: ${faults.join('; ')}`);
  }
  const zone = process.env['TZ'] ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  return { name: 'dates', seed, count, findings, duties, rolled, computed, extended, zone };
}
