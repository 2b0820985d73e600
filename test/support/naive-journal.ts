/**
 * What must come out of an incoming journal under `kz-384-2020`, computed a second time the plain way. It is the judge of
 * the real import, so it shares no code with it and imports nothing; slow and obvious is right here.
 *
 * Where the description of the journal leaves a point open, this is the reading:
 * - `corrects` must name an accepted planned-construction, quarterly or termination filing of the same case that is not
 *   withdrawn. Anything else is a fault in `corrects`: the number of a correction or withdrawal, of a commissioning note
 *   (the registry's own, no filing), a filing of another case, a filing already withdrawn, nothing at all.
 * - A kind that cannot open a case (termination, correction, withdrawal) with an unknown case_ref is a fault in `case_ref`.
 * - A BIN that is well-formed but not the case's operator is a fault in `operator_bin`.
 * - A correction of a quarterly reference that names another period is a fault in `period`.
 * - An optional value (design_start_on, a commissioning's expansion_mw) that is present but malformed is at fault itself.
 * - "Left to right in the header" is the order of the described header, whatever order a file has.
 * - While received_at is unreadable, a region is at fault only when it never existed.
 * - A filing withdrawn takes a duty of rule 3 or 5 with it: that duty is known only through the filing. Of several
 *   planned-construction (termination) filings of a case, the first received that is not withdrawn meets the one duty.
 * - Rule 3 counts from the start of design, rule 5 and the last quarter from the end of mining, as corrected.
 * - Corrections of one filing are compared in order of receipt, those of the same instant in file order.
 * - The notice names the region of its own row.
 * - Quarters count that ended on or before the day asked about, Q1 2023 being the last.
 */
export type NaiveRow = Readonly<Record<string, string>>;

export interface NaiveCalendar {
  readonly days: readonly { readonly date: string; readonly kind: string }[];
}

export interface NaiveOutcome {
  readonly row: string;
  readonly outcome: 'accepted' | 'rejected';
  readonly columnAtFault: string;
}

export interface NaiveResult {
  readonly outcomes: readonly NaiveOutcome[];
  /** CSV rows with header, exactly as the expected files have them. */
  readonly imported: string[][];
  readonly obligations: string[][];
  readonly notices: string[][];
}

interface Filing {
  readonly row: NaiveRow;
  readonly receivedMs: number;
  readonly receivedOn: string;
  readonly corrections: Filing[];
  withdrawn: boolean;
}

interface Case {
  readonly ref: string;
  readonly operator: string;
  readonly filings: Filing[];
  readonly commissionedOn: string[];
}

/** `asOf`: the last day that counts, `YYYY-MM-DD` by the regulator's clock. */
export function naiveJournal(rows: Iterable<NaiveRow>, calendar: NaiveCalendar, asOf = '2023-06-03'): NaiveResult {
  const cases = new Map<string, Case>();
  const filings = new Map<string, Filing>();
  const usedNumbers = new Set<string>();
  const outcomes: NaiveOutcome[] = [];
  let ordinal = 0;

  for (const row of rows) {
    ordinal += 1;
    const columnAtFault = faultOf(row, { cases, filings, usedNumbers, asOf });
    outcomes.push({ row: row.row || String(ordinal), outcome: columnAtFault ? 'rejected' : 'accepted', columnAtFault });
    if (columnAtFault) continue;

    usedNumbers.add(row.journal_no!);
    const received = receiptOf(row.received_at!)!;
    const filing: Filing = { row, ...received, corrections: [], withdrawn: false };
    const found = cases.get(row.case_ref!);
    const theCase = found ?? { ref: row.case_ref!, operator: row.operator_bin!, filings: [], commissionedOn: [] };
    cases.set(theCase.ref, theCase);
    if (row.kind === 'correction') filings.get(row.corrects!)!.corrections.push(filing);
    else if (row.kind === 'withdrawal') filings.get(row.corrects!)!.withdrawn = true;
    else if (row.kind === 'commissioning') theCase.commissionedOn.push(row.commissioned_on!);
    else {
      theCase.filings.push(filing);
      filings.set(row.journal_no!, filing);
    }
  }

  for (const filing of filings.values()) filing.corrections.sort((a, b) => a.receivedMs - b.receivedMs);
  for (const each of cases.values()) each.filings.sort((a, b) => a.receivedMs - b.receivedMs);

  const roll = roller(calendar);
  const obligations = [...cases.values()].flatMap((each) => obligationsOf(each, roll, asOf));
  const notices = [...filings.values()].flatMap((filing) => noticesOf(filing, roll));
  return {
    outcomes,
    imported: [
      ['row', 'outcome', 'column_at_fault'],
      ...outcomes.map((each) => [each.row, each.outcome, each.columnAtFault]),
    ],
    obligations: [
      ['case_ref', 'obligation', 'period', 'nominal_due_on', 'due_on', 'status', 'days_late', 'journal_no'],
      ...sorted(obligations, 3),
    ],
    notices: [
      ['journal_no', 'case_ref', 'trigger', 'received_on', 'nominal_due_on', 'due_on', 'region', 'power_mw'],
      ...sorted(notices, 1),
    ],
  };
}

/** Sorted by the first `columns` columns, one after the other, by code unit. */
const sorted = (rows: string[][], columns: number): string[][] =>
  rows.sort((a, b) => {
    for (let i = 0; i < columns; i += 1) if (a[i] !== b[i]) return a[i]! < b[i]! ? -1 : 1;
    return 0;
  });

// ---------------------------------------------------------------- is a row right?

interface Known {
  readonly cases: ReadonlyMap<string, Case>;
  readonly filings: ReadonlyMap<string, Filing>;
  readonly usedNumbers: ReadonlySet<string>;
  readonly asOf: string;
}

const kinds = [
  'planned_construction',
  'commissioning',
  'quarterly_reference',
  'termination',
  'correction',
  'withdrawal',
];

/** The column at fault, '' when the row is right. */
function faultOf(row: NaiveRow, known: Known): string {
  const kind = row.kind ?? '';
  const value = (column: string) => row[column] ?? '';
  const theCase = known.cases.get(value('case_ref'));
  const target = known.filings.get(value('corrects'));
  const received = receiptOf(value('received_at'));

  if (!kinds.includes(kind)) return 'kind';
  if (!isBin(value('operator_bin'))) return 'operator_bin';
  if (theCase && theCase.operator !== value('operator_bin')) return 'operator_bin';
  if (!isRegion(value('region'), received?.receivedOn)) return 'region';
  if (value('channel') !== 'paper' && value('channel') !== 'electronic') return 'channel';
  if (!received || received.receivedOn > known.asOf) return 'received_at';
  if (value('journal_no') === '' || known.usedNumbers.has(value('journal_no'))) return 'journal_no';
  if (kind === 'correction' || kind === 'withdrawal') {
    if (!target || target.withdrawn || target.row.case_ref !== value('case_ref')) return 'corrects';
  }

  const valuesOf = kind === 'correction' ? target!.row.kind! : kind;
  for (const [column, isRight] of valueRules[valuesOf] ?? []) if (!isRight(value(column))) return column;
  if (kind === 'correction' && valuesOf === 'quarterly_reference' && value('period') !== target!.row.period)
    return 'period';

  if (value('case_ref') === '') return 'case_ref';
  if (!theCase && ['termination', 'correction', 'withdrawal'].includes(kind)) return 'case_ref';
  return '';
}

const isMegawatts = (text: string) => /^\d{1,15}(\.\d{1,3})?$/.test(text);
const isWhole = (text: string) => /^\d{1,15}$/.test(text);
const isPeriod = (text: string) => /^20\d\d-Q[1-4]$/.test(text) && text >= '2020-Q4';
const orNothing = (isRight: (text: string) => boolean) => (text: string) => text === '' || isRight(text);

/** What each kind needs, left to right. */
const valueRules: Readonly<Record<string, [string, (text: string) => boolean][]>> = {
  planned_construction: [
    ['power_mw', isMegawatts],
    ['expansion_mw', isMegawatts],
    ['equipment_investment_kzt', isWhole],
    ['bank_iban', isIban],
    ['bank_bic', (text) => /^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$/.test(text)],
    ['design_start_on', orNothing(isDay)],
  ],
  commissioning: [
    ['expansion_mw', orNothing(isMegawatts)],
    ['commissioned_on', isDay],
  ],
  quarterly_reference: [
    ['period', isPeriod],
    ['power_mw', isMegawatts],
    ['equipment_investment_kzt', isWhole],
    ['investment_potential_kzt', isWhole],
    ['jobs', isWhole],
  ],
  termination: [['activity_ended_on', isDay]],
};

function isDay(text: string): boolean {
  if (!/^(19|20|21)\d\d-\d\d-\d\d$/.test(text)) return false;
  const [year, month, day] = text.split('-').map(Number) as [number, number, number];
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return month >= 1 && month <= 12 && day >= 1 && day <= lengths[month - 1]!;
}

/** When a row was received: the instant in milliseconds and the day by the regulator's clock. */
function receiptOf(text: string): { receivedMs: number; receivedOn: string } | undefined {
  if (isDay(text)) return { receivedMs: Date.parse(`${text}T12:00:00${almatyOffset(text)}`), receivedOn: text };
  const match = /^(\S{10})T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(?:Z|[+-](\d\d):(\d\d))$/.exec(text);
  if (!match || !isDay(match[1]!)) return undefined;
  const [hour, minute, second, offsetHours, offsetMinutes] = match
    .slice(2)
    .map((part) => Number(part ?? 0)) as number[];
  if (hour! > 23 || minute! > 59 || second! > 59 || offsetHours! > 23 || offsetMinutes! > 59) return undefined;
  const receivedMs = Date.parse(text);
  const hours = receivedMs < Date.parse('2024-02-29T18:00:00Z') ? 6 : 5;
  return { receivedMs, receivedOn: new Date(receivedMs + hours * 3_600_000).toISOString().slice(0, 10) };
}

/** Almaty was UTC+6 until the end of February 2024, UTC+5 since. */
const almatyOffset = (day: string) => (day < '2024-03-01' ? '+06:00' : '+05:00');

const oldRegions = '11 15 19 23 27 31 35 39 43 47 55 59 61 63 71 75 79'.split(' ');
const newRegions = '10 33 62'.split(' ');
/** `day` undefined: was it ever a region? */
function isRegion(code: string, day: string | undefined): boolean {
  if (oldRegions.includes(code)) return true;
  return newRegions.includes(code) && (day === undefined || day >= '2022-06-08');
}

function isBin(text: string): boolean {
  if (!/^\d\d(0[1-9]|1[0-2])[456][0123]\d{6}$/.test(text)) return false;
  const digits = [...text].map(Number);
  let sum = 0;
  for (let i = 1; i <= 11; i += 1) sum += digits[i - 1]! * i;
  if (sum % 11 === 10) {
    const weights = [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2];
    sum = 0;
    for (let i = 0; i < 11; i += 1) sum += digits[i]! * weights[i]!;
  }
  return sum % 11 === digits[11];
}

function isIban(text: string): boolean {
  if (!/^KZ\d{5}[A-Z0-9]{13}$/.test(text) || text.slice(2, 4) < '02' || text.slice(2, 4) > '98') return false;
  const moved = text.slice(4) + text.slice(0, 4);
  const number = [...moved].map((c) => (/\d/.test(c) ? c : String(c.charCodeAt(0) - 55))).join('');
  return BigInt(number) % 97n === 1n;
}

// ---------------------------------------------------------------- days

const plusDays = (day: string, days: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
const daysFrom = (from: string, to: string) =>
  (Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000;

type Roll = (day: string) => string;

/** The day itself or the next working day. */
function roller(calendar: NaiveCalendar): Roll {
  const kindOf = new Map(calendar.days.map((day) => [day.date, day.kind]));
  const isWorking = (day: string) => {
    const kind = kindOf.get(day);
    if (kind !== undefined) return kind === 'working_weekend';
    const weekday = new Date(`${day}T00:00:00Z`).getUTCDay();
    return weekday !== 0 && weekday !== 6;
  };
  return (day) => {
    let rolled = day;
    while (!isWorking(rolled)) rolled = plusDays(rolled, 1);
    return rolled;
  };
}

/** The quarters of the Rules, with the first and last day of each. */
const quarters = ['2020-Q4', ...['2021', '2022'].flatMap((y) => [1, 2, 3, 4].map((n) => `${y}-Q${n}`)), '2023-Q1'].map(
  (name) => ({ name, firstDay: firstDayOf(name), lastDay: plusDays(firstDayOf(nextOf(name)), -1) }),
);
function firstDayOf(period: string): string {
  return `${period.slice(0, 4)}-${['01', '04', '07', '10'][Number(period[6]) - 1]}-01`;
}
function nextOf(period: string): string {
  const year = Number(period.slice(0, 4));
  return period[6] === '4' ? `${year + 1}-Q1` : `${year}-Q${Number(period[6]) + 1}`;
}

// ---------------------------------------------------------------- what was owed

/** The value now: of the last correction received, or as filed. */
const current = (filing: Filing, column: string) => (filing.corrections.at(-1) ?? filing).row[column] ?? '';

function obligationsOf(each: Case, roll: Roll, asOf: string): string[][] {
  const standing = each.filings.filter((filing) => !filing.withdrawn);
  const firstOf = (kind: string) => standing.find((filing) => filing.row.kind === kind);
  const out: string[][] = [];

  const planned = firstOf('planned_construction');
  if (planned) {
    const designStart = current(planned, 'design_start_on');
    if (designStart === '')
      out.push([each.ref, 'planned_construction', '', '', '', 'undetermined', '', planned.row.journal_no!]);
    else {
      const due = plusDays(designStart, -30);
      out.push([each.ref, 'planned_construction', '', due, due, ...metBy(planned, due)]);
    }
  }

  const quarterly = standing.filter((filing) => filing.row.kind === 'quarterly_reference');
  const existsFrom = [...each.commissionedOn, ...quarterly.map((filing) => firstDayOf(filing.row.period!))].sort()[0];
  const termination = firstOf('termination');
  const endedOn = termination ? current(termination, 'activity_ended_on') : '9999-12-31';
  for (const { name, firstDay, lastDay } of quarters) {
    if (existsFrom === undefined || lastDay < existsFrom || firstDay > endedOn || lastDay > asOf) continue;
    const nominal = plusDays(lastDay, 10);
    const due = roll(nominal);
    const filing = quarterly.find((filed) => filed.row.period === name);
    const unmet = due <= asOf ? 'missed' : 'open';
    out.push([each.ref, 'quarterly_reference', name, nominal, due, ...(filing ? metBy(filing, due) : [unmet, '', ''])]);
  }

  if (termination) {
    const nominal = plusDays(endedOn, 10);
    const due = roll(nominal);
    out.push([each.ref, 'termination', '', nominal, due, ...metBy(termination, due)]);
  }
  return out;
}

/** status, days_late, journal_no */
function metBy(filing: Filing, due: string): string[] {
  const late = daysFrom(due, filing.receivedOn);
  return late > 0 ? ['met_late', String(late), filing.row.journal_no!] : ['met', '0', filing.row.journal_no!];
}

// ---------------------------------------------------------------- what the energy body was owed

function noticesOf(filing: Filing, roll: Roll): string[][] {
  const notice = (of: Filing, power: string) => {
    const nominal = plusDays(of.receivedOn, 5);
    const { journal_no, case_ref, kind, region } = of.row;
    return [journal_no!, case_ref!, kind!, of.receivedOn, nominal, roll(nominal), region!, power];
  };
  if (filing.row.kind === 'termination') return [notice(filing, '0')];
  const out = [notice(filing, filing.row.power_mw!)];
  let before = filing;
  for (const correction of filing.corrections) {
    const columns = filing.row.kind === 'planned_construction' ? ['power_mw', 'expansion_mw'] : ['power_mw'];
    // Up to three places and fifteen digits: thousandths as whole numbers compare exactly.
    if (columns.some((column) => thousandths(before.row[column]!) !== thousandths(correction.row[column]!)))
      out.push(notice(correction, correction.row.power_mw!));
    before = correction;
  }
  return out;
}

function thousandths(text: string): bigint {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(3, '0'));
}
