import type pg from 'pg';
import type { Uuid } from '#libs/kernel';
import type { CaseDirectory, CaseRefs, JournalEntry } from '#libs/application';

export interface Directory extends CaseDirectory {
  readonly caseRefs: CaseRefs;
  caseIdOf(caseRef: string): Promise<Uuid | undefined>;
  filingByOwnNumber(journalNo: string): Promise<JournalEntry | undefined>;
}

/** What use cases ask of the read models: lists of cases, and where a number of our own belongs. */
export function caseDirectory(pool: pg.Pool): Directory {
  const ids = async (text: string, values: unknown[]) =>
    (await pool.query<{ case_id: Uuid }>(text, values)).rows.map((row) => row.case_id);
  return {
    casesOfOperator: (bin) =>
      ids('select case_id from read.case_overview where operator_bin = $1 order by case_id', [bin]),
    livingCases: async (bin, region) => {
      const { rows } = await pool.query<{ case_id: Uuid; address: string }>(
        `select case_id, address from read.case_overview where operator_bin = $1 and region = $2 and situation = 'active'`,
        [bin, region],
      );
      return rows.map(({ case_id: caseId, address }) => ({ caseId, location: { region, address } }));
    },
    casesWithObligations: ({ kinds, after, limit }) =>
      ids(
        `select distinct case_id from read.obligation
          where ($1::text[] is null or kind = any($1)) and status in ('open', 'missed', 'met_late')
            and ($2::uuid is null or case_id > $2) order by case_id limit $3`,
        [kinds ?? null, after ?? null, limit],
      ),
    caseRefs: {
      all: async () =>
        (
          await pool.query<{ case_id: Uuid; case_ref: string }>('select case_id, case_ref from read.case_overview')
        ).rows.map((row) => ({ caseId: row.case_id, caseRef: row.case_ref })),
    },
    caseIdOf: async (caseRef) =>
      (await ids('select case_id from read.case_overview where case_ref = $1', [caseRef]))[0],
    filingByOwnNumber: async (journalNo) => {
      const { rows } = await pool.query<{ case_id: Uuid; filing_id: Uuid }>(
        'select case_id, filing_id from read.filing where journal_no = $1 and carried_to is null',
        [journalNo],
      );
      const [row] = rows;
      return row && { entry: 'filing', caseId: row.case_id, filingId: row.filing_id };
    },
  };
}
