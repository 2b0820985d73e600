import { importJournal, type ImportRow, type ImportSummary } from '#libs/application';
import type { OpenedHouse } from '#libs/assembly';
import { generateJournal } from '../../support/journal-generator.js';

async function* rowsOf(lines: Iterable<Readonly<Record<string, string>>>): AsyncIterable<ImportRow> {
  let ordinal = 0;
  for (const values of lines) {
    ordinal++;
    yield { ordinal, rowNo: values['row'] ?? String(ordinal), values };
  }
}

async function take(
  opened: OpenedHouse,
  lines: Iterable<Readonly<Record<string, string>>>,
  onProgress: (words: string) => void = () => {},
): Promise<ImportSummary> {
  const { house, catalogue, requestHash, filingByOwnNumber } = opened;
  let said = 0;
  return importJournal(house, rowsOf(lines), {
    rules: catalogue.ruleSet(house.lawBook.defaultRuleSetId),
    regions: catalogue.regions,
    requestHash,
    filingByOwnNumber,
    onOutcome: () => {},
    onProgress: ({ stage, rows, cases, casesDone }) => {
      if (Date.now() - said < 15_000) return;
      said = Date.now();
      onProgress(stage === 'rows' ? `${rows} rows imported` : `${casesDone} of ${cases} cases judged`);
    },
  });
}

/** A journal as registries keep them, of about seven rows a centre. */
export const importJournalOf = (
  opened: OpenedHouse,
  centres: number,
  seed: number,
  onProgress: (words: string) => void,
): Promise<ImportSummary> => take(opened, generateJournal({ centres, seed }), onProgress);

const base: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'submitted_at period power_mw expansion_mw equipment_investment_kzt investment_potential_kzt jobs bank_iban bank_bic ' +
    'design_start_on activity_ended_on corrects note'
  )
    .split(' ')
    .map((column) => [column, '']),
);

/** Centres of one operator that came into being on one day, so that nothing was due before. */
export function* commissionedCentres(count: number, operatorBin: string, day: string) {
  for (let n = 1; n <= count; n++)
    yield {
      ...base,
      row: String(n),
      kind: 'commissioning',
      case_ref: `B${String(n).padStart(7, '0')}`,
      operator_bin: operatorBin,
      operator_name: 'ТОО «Ертіс Data»',
      region: '55',
      address: `Павлодар, промзона Северная, ${n}`,
      channel: 'paper',
      received_at: day,
      journal_no: `BENCH-${n}`,
      commissioned_on: day,
    };
}

export async function importCentres(opened: OpenedHouse, count: number, day: string): Promise<void> {
  const { accepted } = await take(opened, commissionedCentres(count, benchOperator, day));
  if (accepted !== count) throw new Error(`${count - accepted} of ${count} centres were not accepted`);
}

/** The demonstration operator, to whom the first operator key belongs. */
export const benchOperator = '940140000385';
