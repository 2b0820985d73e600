/*
 * The duties of one case a second time, as plainly as can be: a flat list of what was received, and every duty worked
 * out anew from that list each time somebody asks. It takes in no other file; a spec sees to that.
 *
 * Where mission.md leaves room, this is the reading:
 * - The first filing received that still stands meets a duty; a correction changes values, never when it was met.
 * - A met duty keeps the last day it was judged by (closed duties keep their trace), until another filing meets it or
 *   the day its term hangs on is itself corrected. Our own outage excuses lateness, so it reaches late filings too.
 * - Orders of extension only lengthen. An outage that touches the last day moves it to the next working day after the
 *   outage; outages are taken until none touches any more, so that the order they were entered in does not matter.
 * - A case is closed when nothing is owed and no quarter will be: closing a file takes no duty away.
 * - An order that excuses a duty stands, whatever is filed, taken back, voided or owed again afterwards.
 * - A miss stands on record from the day it was found until it turns out to be none: the duty void, not yet due after
 *   all, or met in time. A late filing or an excuse resolves it and does not erase it. It is recorded once.
 */

export interface NaiveRules {
  firstPeriod: string;
  /** The last day a new duty may arise. */
  lastDay: string | undefined;
  planned: { before: boolean; days: number; rolls: boolean };
  quarterly: { byDay: number; itself: boolean; rolls: boolean; brokenQuarterOwed: boolean };
  termination: { days: number; rolls: boolean };
}

export type NaiveValue = 'designStart' | 'decided' | 'ended';

export interface NaiveVersion {
  receivedMs: number;
  /** What it says anything of; that something is not declared is said too. */
  says: readonly NaiveValue[];
  designStart?: string | undefined;
  decided?: string | undefined;
  ended?: string | undefined;
}

export interface NaiveFiling {
  name: string;
  kind: string;
  period?: string | undefined;
  versions: NaiveVersion[];
  takenBack: boolean;
}

export interface NaiveDuty {
  key: string;
  status: string;
  nominal: string | null;
  due: string | null;
  metBy: string | null;
  daysLate: number | null;
  /** Whether a miss stands on record. */
  missed: boolean;
  /** What the term hung on when it was judged. */
  trigger: string | null;
}

export interface NaiveExtension {
  madeOn: string;
  kind: string;
  periods: string[] | undefined;
  regions: string[] | undefined;
  dueOn: string;
}

export interface NaiveCase {
  rules: NaiveRules;
  /** Day to its kind, where it is not what its day of the week says. */
  days: Record<string, string>;
  region: string;
  filings: NaiveFiling[];
  commissioned: string[];
  extensions: NaiveExtension[];
  outages: { fromMs: number; toMs: number }[];
  excused: string[];
  merged: boolean;
  /** What was said last. */
  duties: NaiveDuty[];
}

/** Almaty was six hours ahead of UTC until the end of February 2024, five since. */
const ahead = (ms: number) => (ms < Date.UTC(2024, 1, 29, 18) ? 6 : 5) * 3_600_000;
export const dayOf = (ms: number): string => new Date(ms + ahead(ms)).toISOString().slice(0, 10);
export const midnightBefore = (day: string): number => {
  const utc = Date.parse(`${day}T00:00:00Z`);
  return utc - (day < '2024-03-01' ? 6 : 5) * 3_600_000;
};
export const plus = (day: string, days: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const between = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 86_400_000;

const monthOfQuarter = ['', '01', '04', '07', '10'];
export const firstDay = (period: string): string =>
  `${period.slice(0, 4)}-${monthOfQuarter[Number(period.slice(6))]}-01`;
export const quarterAfter = (period: string): string =>
  period.endsWith('4') ? `${Number(period.slice(0, 4)) + 1}-Q1` : `${period.slice(0, 6)}${Number(period.slice(6)) + 1}`;

function working(it: NaiveCase, day: string): boolean {
  const kind = it.days[day];
  if (kind !== undefined) return kind === 'working_weekend';
  const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
  return weekday !== 0 && weekday !== 6;
}

function rolled(it: NaiveCase, day: string): string {
  let at = day;
  while (!working(it, at)) at = plus(at, 1);
  return at;
}

/** Filings that stand, first received first; of two received at one instant the one entered first. */
function standing(it: NaiveCase, kind: string): NaiveFiling[] {
  const left = it.filings.filter((filing) => filing.kind === kind && !filing.takenBack);
  const sorted: NaiveFiling[] = [];
  for (const filing of left) {
    let place = 0;
    while (place < sorted.length && sorted[place]!.versions[0]!.receivedMs <= filing.versions[0]!.receivedMs) place++;
    sorted.splice(place, 0, filing);
  }
  return sorted;
}

/** What each value is now: what the change received last says of it among those that say anything, or as filed. */
export function now(filing: NaiveFiling): NaiveVersion {
  const said = (name: NaiveValue): string | undefined => {
    let best: NaiveVersion | undefined;
    for (const version of filing.versions.slice(1))
      if (version.says.includes(name) && (best === undefined || version.receivedMs >= best.receivedMs)) best = version;
    return (best ?? filing.versions[0]!)[name];
  };
  const [first] = filing.versions;
  return { ...first!, designStart: said('designStart'), decided: said('decided'), ended: said('ended') };
}

interface Term {
  key: string;
  kind: string;
  period: string | undefined;
  /** What the term hangs on; null: not stated. */
  trigger: string | null;
  nominal: string | null;
  rolls: boolean;
  filing: NaiveFiling | undefined;
}

/** Every duty there is on the day of `atMs`. */
function terms(it: NaiveCase, atMs: number): Term[] {
  const today = dayOf(atMs);
  const { rules } = it;
  const mayArise = (day: string) => rules.lastDay === undefined || day <= rules.lastDay;
  const found: Term[] = [];

  const appeal = standing(it, 'planned_construction')[0];
  if (appeal && mayArise(dayOf(appeal.versions[0]!.receivedMs))) {
    const { before, days, rolls } = rules.planned;
    const trigger = (before ? now(appeal).designStart : now(appeal).decided) ?? null;
    const nominal = trigger === null ? null : plus(trigger, before ? -days : days);
    const key = 'planned_construction';
    found.push({ key, kind: key, period: undefined, trigger, nominal, rolls, filing: appeal });
  }

  const terminations = standing(it, 'termination');
  const ended = terminations.map((filing) => now(filing).ended).find((day) => day !== undefined) ?? null;

  const references = standing(it, 'quarterly_reference');
  const begins = [...it.commissioned, ...references.map((filing) => firstDay(filing.period!))].sort()[0];
  if (begins !== undefined)
    for (let period = '1990-Q1'; firstDay(quarterAfter(period)) <= today; period = quarterAfter(period)) {
      const last = plus(firstDay(quarterAfter(period)), -1);
      if (period < rules.firstPeriod || last < begins || !mayArise(plus(last, 1))) continue;
      if (ended !== null && (rules.quarterly.brokenQuarterOwed ? firstDay(period) > ended : last >= ended)) continue;
      const { byDay, itself, rolls } = rules.quarterly;
      found.push({
        key: `quarterly_reference ${period}`,
        kind: 'quarterly_reference',
        period,
        trigger: last,
        nominal: plus(last, itself ? byDay : byDay - 1),
        rolls,
        filing: references.find((filing) => filing.period === period),
      });
    }

  const termination = terminations[0];
  if (termination && mayArise(ended ?? dayOf(termination.versions[0]!.receivedMs))) {
    const nominal = ended === null ? null : plus(ended, rules.termination.days);
    const rolls = rules.termination.rolls;
    const key = 'termination';
    found.push({ key, kind: key, period: undefined, trigger: ended, nominal, rolls, filing: termination });
  }
  return found;
}

function extended(it: NaiveCase, term: Term, start: string): string {
  let due = start;
  for (const order of it.extensions) {
    if (order.kind !== term.kind) continue;
    if (order.periods && !order.periods.includes(term.period ?? '')) continue;
    if (order.regions && !order.regions.includes(it.region)) continue;
    if (term.filing && dayOf(term.filing.versions[0]!.receivedMs) < order.madeOn) continue;
    if (order.dueOn > due) due = order.dueOn;
  }
  return due;
}

function afterOutages(it: NaiveCase, start: string): string {
  let due = start;
  for (let again = true; again;) {
    again = false;
    for (const { fromMs, toMs } of it.outages) {
      if (fromMs >= midnightBefore(plus(due, 1)) || toMs <= midnightBefore(due)) continue;
      const end = dayOf(toMs);
      due = rolled(it, plus(end > due ? end : due, 1));
      again = true;
    }
  }
  return due;
}

/** Judges every duty as of the instant, remembers the answer in `it.duties`, and gives it; void duties included. */
export function judge(it: NaiveCase, atMs: number): NaiveDuty[] {
  const before = new Map(it.duties.map((duty) => [duty.key, duty]));
  const found: NaiveDuty[] = [];
  for (const term of it.merged ? [] : terms(it, atMs)) {
    const { key, filing } = term;
    const old = before.get(key);
    let due: string | null = null;
    let nominal = term.nominal;
    if (nominal !== null) {
      const closed = old?.metBy != null && old.metBy === filing?.name && old.trigger === term.trigger;
      if (closed && old?.due != null) {
        nominal = old.nominal;
        due = old.due;
        if (dayOf(filing!.versions[0]!.receivedMs) > due) due = afterOutages(it, extended(it, term, due));
      } else due = afterOutages(it, extended(it, term, term.rolls ? rolled(it, nominal) : nominal));
    }

    let status: string;
    let daysLate: number | null = null;
    if (filing === undefined) {
      const over = due !== null && atMs >= midnightBefore(plus(due, 1));
      status = it.excused.includes(key) ? 'excused' : over ? 'missed' : 'open';
    } else if (due === null) status = 'undetermined';
    else {
      daysLate = Math.max(0, between(due, dayOf(filing.versions[0]!.receivedMs)));
      status = daysLate === 0 ? 'met' : it.excused.includes(key) ? 'excused' : 'met_late';
    }
    const missed = status === 'missed' || ((status === 'met_late' || status === 'excused') && old?.missed === true);
    const metBy = filing?.name ?? null;
    found.push({ key, status, nominal, due, metBy, daysLate, missed, trigger: term.trigger });
  }
  for (const old of it.duties)
    if (!found.some((duty) => duty.key === old.key))
      found.push({ ...old, status: 'void', metBy: null, daysLate: null, missed: false });
  it.duties = found;
  return found;
}

/** Whether an officer may excuse the duty: it is open, missed, or was met late, and no order excuses it yet. */
export const mayExcuse = (it: NaiveCase, key: string): boolean => {
  const duty = it.duties.find((one) => one.key === key);
  return duty !== undefined && ['open', 'missed', 'met_late'].includes(duty.status) && !it.excused.includes(key);
};

export const nothingOwed = (it: NaiveCase): boolean =>
  it.duties.every((duty) => duty.status !== 'open' && duty.status !== 'missed');

/** No quarter that is not on record falls due by the one after the next: then none ever will, as things are. */
export function nothingToCome(it: NaiveCase, atMs: number): boolean {
  const quarter = (day: string) => `${day.slice(0, 4)}-Q${Math.ceil(Number(day.slice(5, 7)) / 3)}`;
  const later = Date.parse(`${firstDay(quarterAfter(quarterAfter(quarter(dayOf(atMs)))))}T12:00:00Z`);
  return terms(it, later).every(({ key, period }) => !period || it.duties.some((duty) => duty.key === key));
}
