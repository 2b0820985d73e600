import type { CaseState } from '#libs/domain';
import { columnsOfKind, journalColumns, neededColumns, type JournalColumn } from '#libs/journal';
import { instant, type Uuid } from '#libs/kernel';
import { loadRules } from '#libs/rules';
import { judgeRow, type OnRecord } from './journal-row.js';

const { regions, ruleSet } = loadRules();
const context = { rules: ruleSet('kz-384-2020'), regions, now: instant('2026-11-22T00:00:00Z') };
const [caseId, filingId] = [
  '11111111-1111-5111-8111-111111111111' as Uuid,
  '22222222-2222-5222-8222-222222222222' as Uuid,
];
const state = {
  situation: 'open',
  file: { operatorBin: '940140000385', filings: new Map([[filingId, { kind: 'termination', versions: [] }]]) },
} as unknown as CaseState;
const onRecord: OnRecord = {
  caseByRef: (caseRef) => (caseRef === 'C1' ? { caseId, state } : undefined),
  caseById: () => state,
  journalEntry: (journalNo) => (journalNo === '1' ? { entry: 'filing', caseId, filingId } : undefined),
};

const full: Readonly<Record<JournalColumn, string>> = {
  row: '2',
  kind: '',
  case_ref: 'C1',
  operator_bin: '940140000385',
  operator_name: 'ТОО «Пример»',
  region: '55',
  address: 'Екібастұз',
  channel: 'paper',
  submitted_at: '2021-04-05T10:00:00+06:00',
  received_at: '2021-04-05',
  journal_no: '2',
  period: '2021-Q1',
  power_mw: '7.9',
  expansion_mw: '1',
  equipment_investment_kzt: '1',
  investment_potential_kzt: '1',
  jobs: '1',
  bank_iban: 'KZ86125KZT5004100100',
  bank_bic: 'KZKOKZKX',
  design_start_on: '2021-06-01',
  commissioned_on: '2021-01-01',
  activity_ended_on: '2021-04-01',
  corrects: '1',
  note: 'x',
};

// The reader of journals refuses a header by that table, without knowing how rows are judged.
it.each(Object.entries(columnsOfKind))('a row of the kind %s is refused without what its kind needs', (kind, needs) => {
  const atFault = (values: Readonly<Record<string, string>>) => {
    const judged = judgeRow(values, onRecord, context);
    return 'column' in judged ? judged.column : undefined;
  };
  const row = { ...full, kind };
  expect(atFault(row)).toBeUndefined();
  const needed = journalColumns.filter((column) => atFault({ ...row, [column]: '' }) !== undefined);
  // The filing that is corrected here is a termination: its value is needed too.
  const ofCorrected = kind === 'correction' ? columnsOfKind.termination : [];
  expect(new Set(needed)).toEqual(new Set([...neededColumns, ...needs, ...ofCorrected]));
});
