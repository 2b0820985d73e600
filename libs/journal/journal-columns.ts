/** The columns of an incoming journal in the order of its description; "left to right" means this order. */
export const journalColumns = [
  'row',
  'kind',
  'case_ref',
  'operator_bin',
  'operator_name',
  'region',
  'address',
  'channel',
  'submitted_at',
  'received_at',
  'journal_no',
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
  'corrects',
  'note',
] as const;

export type JournalColumn = (typeof journalColumns)[number];

/** Every row needs these, so a file without one of them is no journal. */
export const neededColumns: readonly JournalColumn[] = [
  'kind',
  'case_ref',
  'operator_bin',
  'region',
  'channel',
  'received_at',
  'journal_no',
];

/**
 * What the rows of a kind need beside those: without such a column every one of them would be refused, so only a file that
 * has no row of the kind is without it.
 */
export const columnsOfKind = {
  planned_construction: ['power_mw', 'expansion_mw', 'equipment_investment_kzt', 'bank_iban', 'bank_bic'],
  commissioning: ['commissioned_on'],
  quarterly_reference: ['period', 'power_mw', 'equipment_investment_kzt', 'investment_potential_kzt', 'jobs'],
  termination: ['activity_ended_on'],
  // The values that a correction needs are those of the filing it corrects, which need not be in the same file.
  correction: ['corrects'],
  withdrawal: ['corrects'],
} as const satisfies Readonly<Record<string, readonly JournalColumn[]>>;

const known: ReadonlySet<string> = new Set(journalColumns);
export const findJournalColumn = (heading: string): JournalColumn | undefined => {
  const name = heading.trim().toLowerCase();
  return known.has(name) ? (name as JournalColumn) : undefined;
};
