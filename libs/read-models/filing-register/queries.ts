import type { FilingFlag, FilingKind } from '#libs/domain';
import type { PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import { operatorsNamed } from '../operator-register/queries.js';
import { likeText, pageOf, withFilters, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { FilingCaseRow, FilingRow } from './row.js';

type FilingSort = 'received' | 'journal-no';

export interface FilingList extends PageRequest<FilingSort> {
  readonly caseId?: Uuid;
  readonly region?: string;
  readonly operatorBin?: string;
  readonly kind?: FilingKind;
  readonly period?: Quarter;
  readonly channel?: FilingRow['channel'];
  readonly situation?: FilingRow['situation'];
  readonly flag?: FilingFlag;
  /** Something the document should say is missing. */
  readonly incomplete?: boolean;
  /** Both days inclusive. */
  readonly receivedFrom?: PlainDate;
  readonly receivedUntil?: PlainDate;
  /** The beginning of the journal number or of the case's reference, or part of the operator's name. */
  readonly search?: string;
}

const shape: PageShape<FilingSort> = {
  list: 'filings',
  sorts: {
    received: { expression: 'f.received_at', type: 'timestamptz' },
    'journal-no': { expression: 'f.journal_no', type: 'text' },
  },
  defaultSort: 'received',
  tie: { expression: 'f.filing_id', type: 'uuid' },
};

export function filingQueries(source: DataSource) {
  const repository = source.getRepository(FilingRow);
  return {
    /** As its present case has it; what was attached before a merger comes along. */
    async find(filingId: Uuid): Promise<FilingRow | undefined> {
      const rows = await repository.findBy({ filingId });
      const row = rows.find(({ carriedTo }) => carriedTo === null) ?? rows[0];
      if (row === undefined) return undefined;
      const earlier = rows.filter((one) => one !== row).flatMap(({ documents }) => documents);
      return earlier.length === 0 ? row : { ...row, documents: [...earlier, ...row.documents] };
    },

    /** Whose the case is now. */
    async holderOf(caseId: Uuid): Promise<string | undefined> {
      return (await source.getRepository(FilingCaseRow).findOneBy({ caseId }))?.operatorBin;
    },

    /** The register lists each document once: in the case it belongs to now. */
    list(list: FilingList): Promise<Page<FilingRow>> {
      const { flag, incomplete, search } = list;
      const query = withFilters(repository.createQueryBuilder('f'), [
        ['f.case_id = :caseId', { caseId: list.caseId }],
        ['f.region = :region', { region: list.region }],
        ['f.operator_bin = :bin', { bin: list.operatorBin }],
        ['f.kind = :kind', { kind: list.kind }],
        ['f.period = :period', { period: list.period }],
        ['f.channel = :channel', { channel: list.channel }],
        ['f.situation = :situation', { situation: list.situation }],
        ['f.received_on >= :receivedFrom', { receivedFrom: list.receivedFrom }],
        ['f.received_on <= :receivedUntil', { receivedUntil: list.receivedUntil }],
      ]);
      // A merged case's own page still shows what was filed there.
      if (list.caseId === undefined) query.andWhere('f.carried_to is null');
      if (flag !== undefined) query.andWhere('f.flags @> :flag::jsonb', { flag: JSON.stringify([flag]) });
      if (incomplete !== undefined) query.andWhere(`(f.missing <> '[]'::jsonb) = :incomplete`, { incomplete });
      if (search !== undefined && search !== '')
        query.andWhere(
          `(f.journal_no like :begin or f.case_ref like :begin or f.operator_bin in (${operatorsNamed('part')}))`,
          { begin: `${likeText(search)}%`, part: `%${likeText(search)}%` },
        );
      return pageOf(query, shape, list);
    },
  };
}
