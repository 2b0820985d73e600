import {
  dayAt,
  findDecimal,
  findInstant,
  findPlainDate,
  findQuarter,
  maskText,
  type Decimal,
  type Instant,
  type PlainDate,
  type Uuid,
} from '#libs/kernel';
import {
  binFault,
  bicFault,
  ibanFault,
  regionOn,
  type BankDetails,
  type CaseState,
  type FilingKind,
  type FilingValues,
  type RegionCatalogue,
  type RuleSet,
} from '#libs/domain';
import { ownCaseRef } from '../house.js';
import type { JournalEntry } from '../intake.js';

/** One row of an incoming journal, columns by their header names, '' where empty. */
export type RowValues = Readonly<Record<string, string>>;

export type JournalKind = FilingKind | 'commissioning' | 'correction' | 'withdrawal';

/** What a row says once it can be read: ready to become a command. */
export interface ReadRow {
  readonly kind: JournalKind;
  readonly caseRef: string;
  readonly operatorBin: string;
  readonly operatorName: string;
  readonly location: { readonly region: string; readonly address: string };
  readonly channel: 'paper' | 'electronic';
  readonly journalNo: string;
  readonly submittedAt?: Instant;
  readonly received: { readonly at: Instant } | { readonly on: PlainDate };
  readonly corrects?: { readonly caseId: Uuid; readonly filingId: Uuid };
  /** The id the row's own filing has (or would have) in this import. */
  readonly filingId?: Uuid;
  readonly values?: FilingValues;
  readonly bankDetails?: BankDetails;
  readonly commissioning?: { readonly commissionedOn: PlainDate; readonly expansionMw?: Decimal };
  readonly note: string;
}

export interface RowFault {
  readonly column: string;
  readonly reason: string;
}

/** What is on record already, as the row's judge may ask. */
export interface OnRecord {
  /** The case with this reference, if any. */
  caseByRef(caseRef: string): { readonly caseId: Uuid; readonly state: CaseState } | undefined;
  caseById(caseId: Uuid): CaseState | undefined;
  journalEntry(journalNo: string): JournalEntry | undefined;
}

export interface JudgeContext {
  readonly rules: RuleSet;
  readonly regions: RegionCatalogue;
  /** Nothing may have been received after this. */
  readonly now: Instant;
}

const kinds: readonly JournalKind[] = [
  'planned_construction',
  'commissioning',
  'quarterly_reference',
  'termination',
  'correction',
  'withdrawal',
];
const opensCase = new Set<JournalKind>(['planned_construction', 'commissioning', 'quarterly_reference']);

/**
 * Judges one row against what is on record. With several faults the first of kind, operator_bin, region, channel,
 * received_at, journal_no, corrects, the values in the order of the header, case_ref is the one that is told.
 */
export function judgeRow(row: RowValues, onRecord: OnRecord, context: JudgeContext): ReadRow | RowFault {
  const value = (column: string) => row[column] ?? '';
  const kind = kinds.find((one) => one === value('kind'));
  if (!kind) return fault('kind', value('kind') === '' ? 'is empty' : `is none of ${kinds.join(', ')}`);

  const caseRef = value('case_ref');
  const known = caseRef === '' ? undefined : onRecord.caseByRef(caseRef);
  const file = known && known.state.situation !== 'none' ? known.state.file : undefined;
  const operatorBin = value('operator_bin');
  const wrongBin = binFault(operatorBin);
  if (wrongBin) return fault('operator_bin', wrongBin);
  if (file && file.operatorBin !== operatorBin)
    return fault('operator_bin', `is not the operator of case ${caseRef} (${file.operatorBin})`);

  const received = receivedOf(value('received_at'));
  const receivedOn = received && ('on' in received ? received.on : dayAt(received.at, context.rules.zone));
  const region = value('region');
  const today = dayAt(context.now, context.rules.zone);
  if (!regionOn(context.regions, region, receivedOn ?? today))
    return fault(
      'region',
      `${region === '' ? 'is empty' : `${region} is not a region in force on ${receivedOn ?? today}`}`,
    );

  const channel = value('channel');
  if (channel !== 'paper' && channel !== 'electronic') return fault('channel', 'is neither paper nor electronic');

  if (!received) return fault('received_at', 'is neither a time with its offset from UTC nor a day (YYYY-MM-DD)');
  if ('on' in received ? received.on > today : received.at > context.now)
    return fault('received_at', 'lies in the future');

  const journalNo = value('journal_no');
  if (journalNo === '') return fault('journal_no', 'is empty');
  if (onRecord.journalEntry(journalNo)) return fault('journal_no', `${journalNo} is used already`);

  let valuesKind: FilingKind | 'commissioning' | undefined =
    kind === 'correction' || kind === 'withdrawal' ? undefined : kind;
  let corrects: ReadRow['corrects'];
  if (kind === 'correction' || kind === 'withdrawal') {
    const found = correctedFiling(value('corrects'), kind, caseRef, known?.caseId, onRecord);
    if ('column' in found) return found;
    corrects = { caseId: found.caseId, filingId: found.filingId };
    if (kind === 'correction') valuesKind = found.kind;
  }

  const read = new ValueReader(row);
  const values = valuesKind && valuesKind !== 'commissioning' ? read.filing(valuesKind, context.rules) : undefined;
  const bankDetails = valuesKind === 'planned_construction' ? read.bank() : undefined;
  const commissioning = valuesKind === 'commissioning' ? read.commissioning() : undefined;
  if (corrects && values?.kind === 'quarterly_reference') {
    const period = periodOnRecord(onRecord, corrects);
    if (period !== undefined && values.period !== undefined && values.period !== period)
      read.note('period', `differs from ${period}, the period of the filing it corrects`);
  }
  const wrong = read.firstFault();
  if (wrong) return wrong;

  if (caseRef === '') return fault('case_ref', 'is empty');
  if (!known && !opensCase.has(kind)) return fault('case_ref', `there is no case ${caseRef} to file this in`);
  if (!known && ownCaseRef.test(caseRef))
    return fault(
      'case_ref',
      `${caseRef} has the form of the references that the system gives, and there is no such case`,
    );
  if (known?.state.situation === 'merged') return fault('case_ref', `case ${caseRef} was merged into another case`);

  const submittedAt = findInstant(value('submitted_at'));
  return {
    kind,
    caseRef,
    operatorBin,
    operatorName: maskText(value('operator_name')),
    // Free text is not sealed: what a clerk put there of accounts and contacts does not go on record.
    location: { region, address: maskText(value('address')) },
    channel,
    journalNo,
    ...(submittedAt ? { submittedAt } : {}),
    received,
    ...(corrects ? { corrects } : {}),
    ...(values ? { values } : {}),
    ...(bankDetails ? { bankDetails } : {}),
    ...(commissioning ? { commissioning } : {}),
    note: maskText(value('note')),
  };
}

const fault = (column: string, reason: string): RowFault => ({ column, reason });

export const isFault = (judged: ReadRow | RowFault): judged is RowFault => 'column' in judged;

function receivedOf(text: string): ReadRow['received'] | undefined {
  const on = findPlainDate(text);
  if (on) return { on };
  const at = findInstant(text);
  return at && { at };
}

function correctedFiling(
  corrects: string,
  kind: 'correction' | 'withdrawal',
  caseRef: string,
  caseId: Uuid | undefined,
  onRecord: OnRecord,
): { caseId: Uuid; filingId: Uuid; kind: FilingKind } | RowFault {
  if (corrects === '') return fault('corrects', `is empty; a ${kind} names the journal number of a filing`);
  const entry = onRecord.journalEntry(corrects);
  if (entry?.entry !== 'filing' || !entry.caseId || !entry.filingId)
    return fault('corrects', `there is no filing with the journal number ${corrects}`);
  const state = onRecord.caseById(entry.caseId);
  const filing = state && state.situation !== 'none' ? state.file.filings.get(entry.filingId) : undefined;
  if (!filing) return fault('corrects', `there is no filing with the journal number ${corrects}`);
  if (caseId !== entry.caseId) return fault('corrects', `${corrects} is not a filing of case ${caseRef}`);
  if (filing.takenBack) return fault('corrects', `${corrects} has been ${filing.takenBack.how} already`);
  return { caseId: entry.caseId, filingId: entry.filingId, kind: filing.kind };
}

function periodOnRecord(onRecord: OnRecord, { caseId, filingId }: { caseId: Uuid; filingId: Uuid }) {
  const state = onRecord.caseById(caseId);
  const values =
    state && state.situation !== 'none' ? state.file.filings.get(filingId)?.versions[0]?.values : undefined;
  return values?.kind === 'quarterly_reference' ? values.period : undefined;
}

const valueColumns = [
  'period',
  'power_mw',
  'expansion_mw',
  'equipment_investment_kzt',
  'investment_potential_kzt',
  'jobs',
  'bank_iban',
  'bank_bic',
  'design_start_on',
  'commissioned_on',
  'activity_ended_on',
];

/** Reads the values a kind needs and remembers the faults, to tell the first in the order of the header. */
class ValueReader {
  private readonly faults = new Map<string, string>();

  constructor(private readonly row: RowValues) {}

  note(column: string, reason: string): undefined {
    if (!this.faults.has(column)) this.faults.set(column, reason);
    return undefined;
  }

  firstFault(): RowFault | undefined {
    const column = valueColumns.find((one) => this.faults.has(one));
    return column === undefined ? undefined : { column, reason: this.faults.get(column)! };
  }

  filing(kind: FilingKind, rules: RuleSet): FilingValues {
    switch (kind) {
      case 'planned_construction': {
        const designStartOn = this.day('design_start_on', 'optional');
        return {
          kind,
          ...defined({ powerMw: this.megawatts('power_mw'), expansionMw: this.megawatts('expansion_mw') }),
          ...defined({ equipmentInvestmentKzt: this.tenge('equipment_investment_kzt') }),
          ...(designStartOn ? { designStartOn } : {}),
        };
      }
      case 'quarterly_reference':
        return {
          kind,
          period: this.period(rules)!,
          ...defined({ powerMw: this.megawatts('power_mw') }),
          ...defined({ equipmentInvestmentKzt: this.tenge('equipment_investment_kzt') }),
          ...defined({ investmentPotentialKzt: this.tenge('investment_potential_kzt') }),
          ...defined({ jobs: this.jobs() }),
        };
      case 'termination':
        return { kind, ...defined({ activityEndedOn: this.day('activity_ended_on', 'needed') }) };
    }
  }

  bank(): BankDetails {
    const iban = this.row['bank_iban'] ?? '';
    const bic = this.row['bank_bic'] ?? '';
    const wrongIban = iban === '' ? 'is empty' : ibanFault(iban);
    const wrongBic = bic === '' ? 'is empty' : bicFault(bic);
    if (wrongIban) this.note('bank_iban', wrongIban);
    if (wrongBic) this.note('bank_bic', wrongBic);
    return { iban, bic };
  }

  commissioning(): ReadRow['commissioning'] {
    const commissionedOn = this.day('commissioned_on', 'needed');
    const expansionMw = (this.row['expansion_mw'] ?? '') === '' ? undefined : this.megawatts('expansion_mw');
    return { commissionedOn: commissionedOn!, ...defined({ expansionMw }) };
  }

  private period(rules: RuleSet) {
    const text = this.row['period'] ?? '';
    const period = findQuarter(text);
    if (!period) return this.note('period', text === '' ? 'is empty' : `${text} is not a quarter (YYYY-Q1 to YYYY-Q4)`);
    if (period < rules.firstPeriod)
      return this.note('period', `lies before ${rules.firstPeriod}, the first that is owed`);
    return period;
  }

  private megawatts(column: string): Decimal | undefined {
    const text = this.row[column] ?? '';
    const found = findDecimal(text, 3);
    return (
      found ??
      this.note(
        column,
        text === '' ? 'is empty' : `${text} is not a plain number of megawatts, not negative, with up to three places`,
      )
    );
  }

  private tenge(column: string): Decimal | undefined {
    const text = this.row[column] ?? '';
    const found = findDecimal(text, 0);
    return found ?? this.note(column, text === '' ? 'is empty' : `${text} is not a whole number of tenge`);
  }

  private jobs(): number | undefined {
    const text = this.row['jobs'] ?? '';
    const found = findDecimal(text, 0, 15);
    if (found === undefined)
      return this.note('jobs', text === '' ? 'is empty' : `${text} is not a whole number of jobs`);
    return Number(found);
  }

  private day(column: string, need: 'needed' | 'optional'): PlainDate | undefined {
    const text = this.row[column] ?? '';
    if (text === '' && need === 'optional') return undefined;
    return findPlainDate(text) ?? this.note(column, text === '' ? 'is empty' : `${text} is not a day (YYYY-MM-DD)`);
  }
}

function defined<T extends object>(values: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: NonNullable<T[K]>;
  };
}
