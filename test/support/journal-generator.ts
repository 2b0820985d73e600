/**
 * Large journals of the shape clerks keep, the same for the same seed: late, missing, corrected, withdrawn, duplicated
 * and late-registered filings, centres that opened in each of the three ways, and rows wrong in every column. What a row
 * is worth is not said here: the naive judge decides.
 */
const columns: readonly string[] = [
  ...'row kind case_ref operator_bin operator_name region address channel submitted_at received_at journal_no'.split(
    ' ',
  ),
  ...'period power_mw expansion_mw equipment_investment_kzt investment_potential_kzt jobs bank_iban bank_bic'.split(
    ' ',
  ),
  ...'design_start_on commissioned_on activity_ended_on corrects note'.split(' '),
];

/** A row by column name, every column present. */
export type JournalLine = Readonly<Record<string, string>>;

export interface JournalPlan {
  readonly centres: number;
  /** Any whole number. */
  readonly seed: number;
  /** First day anything is received, `YYYY-MM-DD`. */
  readonly from?: string;
  /** Last day anything is received, but for rows that are wrong for that very reason. */
  readonly to?: string;
}

export const journalGeneratorColumns = columns;

/** About seven rows for each centre. Memory stays level: centres come in blocks, each block in the order of typing. */
export function* generateJournal(plan: JournalPlan): Generator<JournalLine, void, undefined> {
  const maker = new Maker(plan);
  const block = 1000;
  let number = 0;
  for (let first = 1; first <= plan.centres; first += block) {
    const typed: Typed[] = [];
    for (let n = first; n < Math.min(first + block, plan.centres + 1); n += 1) typed.push(...maker.centre(n));
    typed.push(...maker.wrongRows(typed));
    typed.sort((a, b) => a.typedMs - b.typedMs);
    for (const { line } of typed) {
      number += 1;
      yield { ...line, row: String(number) };
    }
  }
}

interface Typed {
  readonly line: Record<string, string>;
  /** When the registry typed it: mostly the day of receipt. */
  readonly typedMs: number;
  readonly receivedMs: number;
}

interface Centre {
  readonly line: Record<string, string>;
  readonly successor: string | undefined;
  readonly typed: Typed[];
  readonly powerMw: number;
}

const dayMs = 86_400_000;
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);
const msAt = (day: string) => Date.parse(`${day}T00:00:00Z`);

/** mulberry32: small, and the same everywhere. */
function numbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const names = [
  'Ертіс Data',
  'Балқаш Инфо',
  'Тұран Mining',
  'Көкжал Systems',
  'Altyn Block',
  'Степной ЦОД',
  'Жетісу "Digital"',
];
const forms = ['ТОО', 'ЖШС', 'АО'];
const regions = '11 15 19 23 27 31 35 39 43 47 55 59 61 63 71 75 79'.split(' ');
const successors: Readonly<Record<string, string>> = { '19': '33', '35': '62', '63': '10' };
const streets = ['промзона Северная', 'Өндіріс ауданы', '3-шағын аудан', 'ул. Ломова 180', 'Геолог'];
const banks = ['HSBKKZKX', 'KZKOKZKX', 'TSESKZKA', 'CASPKZKA', 'TSESKZKAXXX'];

class Maker {
  private readonly random: () => number;
  private readonly fromMs: number;
  private readonly toMs: number;
  private readonly issued = new Map<string, number>();

  constructor(private readonly plan: JournalPlan) {
    this.random = numbers(plan.seed);
    this.fromMs = msAt(plan.from ?? '2020-10-27');
    this.toMs = msAt(plan.to ?? '2023-06-03');
  }

  /** Everything one centre files, and what its registry notes. */
  centre(n: number): Typed[] {
    const region = this.pick(regions);
    const operator = this.whole(1, Math.max(1, Math.ceil(this.plan.centres * 0.6)));
    const centre: Centre = {
      line: {
        case_ref: `C${String(n).padStart(4, '0')}`,
        operator_bin: binOf(operator),
        operator_name: `${forms[operator % 3]} «${names[operator % names.length]}»`,
        region,
        address: `${region}, ${this.pick(streets)}`,
      },
      successor: this.chance(0.5) ? successors[region] : undefined,
      typed: [],
      powerMw: this.chance(0.3) ? this.whole(20_000, 90_000) : this.whole(500, 9_000),
    };
    const opened = this.open(centre);
    if (opened !== undefined) this.live(centre, opened);
    return centre.typed;
  }

  /** @returns the day from which the centre files, if it ever does. */
  private open(centre: Centre): number | undefined {
    const how = this.random();
    const start = this.fromMs + Math.floor(this.random() ** 2 * (this.toMs - this.fromMs));
    if (how < 0.1) return start;
    if (how < 0.7) {
      const commissioned = Math.min(start, this.fromMs) - this.whole(0, 300) * dayMs;
      this.commission(centre, start, this.chance(0.5) ? commissioned : start);
      return start;
    }
    const design = this.pick([10, 25, 29, 30, 31, 45, 90]);
    const planned = this.put(centre, start, {
      kind: 'planned_construction',
      power_mw: this.megawatts(centre),
      expansion_mw: this.pick(['0', '0.0', '4', '10.5', '18.616', '72']),
      equipment_investment_kzt: `${this.whole(900, 9000)}000000`,
      bank_iban: ibanOf(this.random),
      bank_bic: this.pick(banks),
      design_start_on: this.chance(0.2) ? '' : dayOf(start + design * dayMs),
    });
    this.perhapsChanged(centre, planned, 0.2, 0.03, 'expansion_mw');
    if (this.chance(0.03)) this.put(centre, start + this.whole(1, 40) * dayMs, { ...valuesOf(planned.line) });
    if (this.chance(0.2)) return undefined;
    const running = start + this.whole(100, 300) * dayMs;
    if (this.chance(0.9)) this.commission(centre, running, running);
    return running;
  }

  private commission(centre: Centre, receivedMs: number, commissionedMs: number): void {
    this.put(centre, receivedMs, {
      kind: 'commissioning',
      commissioned_on: dayOf(commissionedMs),
      expansion_mw: this.chance(0.4) ? (this.whole(0, 5000) / 1000).toString() : '',
    });
  }

  private live(centre: Centre, openedMs: number): void {
    const endedMs = this.chance(0.2) ? openedMs + this.whole(30, 700) * dayMs : Infinity;
    for (const { name, endMs } of quartersOf(this.toMs)) {
      if (endMs < openedMs || endMs - 92 * dayMs > endedMs || this.chance(0.18)) continue;
      const late = this.chance(0.2) ? this.pick([1, 2, 3, 7, 21, 60, 300]) : -this.whole(0, 8);
      const receivedMs = endMs + (10 + late) * dayMs;
      const filed = this.put(centre, receivedMs, {
        kind: 'quarterly_reference',
        period: name,
        power_mw: this.chance(0.08) ? '0.00' : this.megawatts(centre),
        equipment_investment_kzt: `${this.whole(0, 900)}000000`,
        investment_potential_kzt: `${this.whole(10, 2000)}000000`,
        jobs: String(this.whole(0, 120)),
      });
      const lastMs = this.perhapsChanged(centre, filed, 0.12, 0.05, 'jobs');
      if (this.chance(0.05)) this.put(centre, lastMs + this.whole(1, 30) * dayMs, valuesOf(filed.line));
    }
    if (endedMs === Infinity) return;
    const ended = this.put(centre, endedMs + this.pick([0, 1, 5, 9, 10, 11, 12, 13, 40]) * dayMs, {
      kind: 'termination',
      activity_ended_on: dayOf(endedMs),
    });
    if (this.chance(0.1)) {
      const activity_ended_on = dayOf(endedMs - this.whole(1, 20) * dayMs);
      this.follow(centre, ended, ended.receivedMs, 'correction', { activity_ended_on });
    } else if (this.chance(0.05)) this.follow(centre, ended, ended.receivedMs, 'withdrawal', {});
  }

  /** @returns when the last thing about the filing was received. */
  private perhapsChanged(centre: Centre, filed: Typed, correct: number, withdraw: number, column: string): number {
    let lastMs = filed.receivedMs;
    while (this.chance(correct)) {
      const power_mw = this.chance(0.5) ? this.megawatts(centre) : `${filed.line.power_mw}`;
      const changes = { ...valuesOf(filed.line), power_mw, [column]: String(this.whole(0, 120)) };
      lastMs = this.follow(centre, filed, lastMs, 'correction', changes).receivedMs;
    }
    if (this.chance(withdraw)) lastMs = this.follow(centre, filed, lastMs, 'withdrawal', {}).receivedMs;
    return lastMs;
  }

  private follow(centre: Centre, filed: Typed, afterMs: number, kind: string, values: Record<string, string>): Typed {
    const line = { ...values, kind, corrects: filed.line.journal_no!, note: this.noteOf(kind) };
    return this.put(centre, afterMs + this.whole(1, 40) * dayMs, line, filed.typedMs);
  }

  private noteOf(kind: string): string {
    if (kind === 'withdrawal') return 'filed for the wrong data center';
    return this.chance(0.1) ? 'see letter "12/ә",\npage 2' : '';
  }

  /** Types a row received on the day of `dayAtMs`, but after `typedAfterMs`; nothing is typed after the last day. */
  private put(centre: Centre, dayAtMs: number, values: Record<string, string>, typedAfterMs = 0): Typed {
    const day = dayOf(dayAtMs);
    const paper = this.chance(0.35);
    const time = this.chance(0.1) ? this.pick(['00:00:00', '23:59:59', '18:00:00', '12:00:00']) : this.timeOfDay();
    const stamp = paper || this.chance(0.02) ? day : `${day}T${time}${this.pick(['+06:00', '+06:00', '+05:00', 'Z'])}`;
    const receivedMs = stamp.length > 10 ? Date.parse(stamp) : msAt(day) + 6 * 3_600_000;
    const lateRegistered = paper && this.chance(0.15) ? this.whole(2, 60) * dayMs : 0;
    const typed: Typed = {
      receivedMs,
      typedMs: Math.max(receivedMs + lateRegistered, this.chance(0.99) ? typedAfterMs + 1 : 0),
      line: {
        ...Object.fromEntries(columns.map((column) => [column, ''])),
        ...centre.line,
        ...values,
        region: centre.successor !== undefined && day >= '2022-06-08' ? centre.successor : centre.line.region!,
        channel: paper ? 'paper' : 'electronic',
        submitted_at: paper ? '' : stamp,
        received_at: stamp,
        journal_no: this.journalNo(day),
      },
    };
    // Received by the regulator's clock, which is ahead of UTC by at most six hours here.
    if (dayOf(receivedMs + 6 * 3_600_000) <= dayOf(this.toMs) && day >= dayOf(this.fromMs)) centre.typed.push(typed);
    return typed;
  }

  /** One wrong row for about thirty right ones, each a right row with one or two columns broken. */
  wrongRows(right: readonly Typed[]): Typed[] {
    if (right.length === 0) return [];
    const breaks = this.breaks(right);
    const kinds = [...new Set(right.map(({ line }) => line.kind))].map((kind) =>
      right.filter(({ line }) => line.kind === kind),
    );
    return Array.from({ length: Math.ceil(right.length / 30) }, () => {
      const { line, typedMs, receivedMs } = this.pick(this.pick(kinds));
      // Under the number of the right row, or of its own: what is refused does not use it up.
      const journal_no = this.chance(0.3) ? line.journal_no! : this.journalNo(dayOf(receivedMs));
      const broken: Record<string, string> = { ...line, journal_no };
      const said = breaks.filter(([column]) => line[column] !== '');
      for (let n = this.chance(0.2) ? 2 : 1; n > 0; n -= 1) {
        const [column, value] = this.pick(this.chance(0.9) ? said : breaks);
        broken[column] = value();
      }
      return { line: broken, typedMs: typedMs + this.whole(-30, 200) * dayMs, receivedMs };
    });
  }

  private breaks(right: readonly Typed[]): readonly (readonly [string, () => string])[] {
    const other = (column: string) => () => this.pick(right).line[column]!;
    const oneOf =
      (...values: string[]) =>
      () =>
        this.pick(values);
    const number = oneOf('', '-3', '7,5', '1.2345', 'many', '1e3', '+1', '3.', '0x10');
    return [
      ['kind', oneOf('', 'reference', 'Quarterly_reference')],
      ['operator_bin', oneOf('', '940140000386', '94014000038', '941340000385', '201040000401', '99014000465X')],
      ['operator_bin', other('operator_bin')],
      ['region', oneOf('', '99', '1', 'Алматы', '10', '62')],
      ['channel', oneOf('', 'fax', 'Paper')],
      [
        'received_at',
        oneOf('', '2021-02-30', '31.01.2022', '2021-04-05T10:00:00', '2021-04-05T25:00:00Z', '2031-01-01'),
      ],
      ['journal_no', oneOf('')],
      ['journal_no', other('journal_no')],
      ['corrects', oneOf('', '2020-99999')],
      ['corrects', other('journal_no')],
      ['corrects', other('corrects')],
      ['period', oneOf('', '2021-Q5', '2020-Q3', '2021Q1', '2021-Q0')],
      ['period', other('period')],
      ...['power_mw', 'expansion_mw', 'equipment_investment_kzt', 'investment_potential_kzt'].map(
        (column) => [column, number] as const,
      ),
      ['jobs', oneOf('', '3.5', 'many', '-1')],
      ['bank_iban', oneOf('', 'KZ86125KZT5004100101', 'KZ86 125K ZT50 0410 0100', 'DE89370400440532013000')],
      ['bank_bic', oneOf('', 'HSBK', 'hsbkkzkx', 'HSB1KZKX')],
      ['design_start_on', oneOf('2022-02-30', 'soon')],
      ['commissioned_on', oneOf('', '2021-13-01')],
      ['activity_ended_on', oneOf('', '2021-2-1')],
      ['case_ref', oneOf('', 'C-unknown')],
      ['case_ref', other('case_ref')],
    ];
  }

  private journalNo(day: string): string {
    const year = day.slice(0, 4);
    const next = (this.issued.get(year) ?? 0) + 1;
    this.issued.set(year, next);
    return `${year}-${String(next).padStart(5, '0')}`;
  }

  private megawatts({ powerMw }: Centre): string {
    return ((powerMw * this.whole(60, 120)) / 100_000).toFixed(this.pick([1, 2, 2, 2, 3]));
  }
  private timeOfDay(): string {
    return [23, 59, 59].map((last) => String(this.whole(0, last)).padStart(2, '0')).join(':');
  }
  private chance(p: number): boolean {
    return this.random() < p;
  }
  private whole(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }
  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }
}

/** What a filing says, without what belongs to its receipt. */
function valuesOf(line: Readonly<Record<string, string>>): Record<string, string> {
  const from = columns.indexOf('period');
  const to = columns.indexOf('corrects');
  return Object.fromEntries(['kind', ...columns.slice(from, to)].map((column) => [column, line[column]!]));
}

/** The quarters from Q4 2020 that ended by then. */
function quartersOf(toMs: number): { name: string; endMs: number }[] {
  const found: { name: string; endMs: number }[] = [];
  for (let year = 2020, quarter = 4; ; quarter = quarter === 4 ? 1 : quarter + 1, year += quarter === 1 ? 1 : 0) {
    const endMs = Date.UTC(year, quarter * 3, 0);
    if (endMs > toMs) return found;
    found.push({ name: `${year}-Q${quarter}`, endMs });
  }
}

/** A well-formed BIN for each operator number; the serials that have no check digit are passed over. */
function binOf(operator: number): string {
  for (let serial = operator * 7; ; serial += 1) {
    const first = `${['08', '12', '14', '19', '20'][operator % 5]}0${1 + (operator % 9)}4${operator % 4}${String(serial % 100_000).padStart(5, '0')}`;
    const sum = (weights: readonly number[]) => weights.reduce((total, w, i) => total + w * Number(first[i]), 0) % 11;
    const rest = sum([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const check = rest < 10 ? rest : sum([3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]);
    if (check < 10) return `${first}${check}`;
  }
}

function ibanOf(random: () => number): string {
  const letters = '0123456789KTZ';
  const body = Array.from({ length: 16 }, (_, i) => letters[Math.floor(random() * (i < 3 ? 10 : 13))]).join('');
  const digits = [...`${body}KZ00`].map((c) => parseInt(c, 36)).join('');
  return `KZ${String(98n - (BigInt(digits) % 97n)).padStart(2, '0')}${body}`;
}
