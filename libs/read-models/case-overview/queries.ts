import type { Instant, PlainDate, Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import { operatorsNamed } from '../operator-register/queries.js';
import { likeText, pageOf, withFilters, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { CaseOverviewRow } from './row.js';

export type CaseView = Omit<CaseOverviewRow, 'digest'>;
type CaseSort = 'ref' | 'opened' | 'due' | 'last-filing';

export interface CaseList extends PageRequest<CaseSort> {
  /** Part of the reference or address, or of the operator's name. */
  readonly search?: string;
  readonly region?: string;
  readonly operatorBin?: string;
  readonly stage?: CaseOverviewRow['stage'];
  readonly situation?: CaseOverviewRow['situation'];
  readonly assignee?: string;
  readonly unassigned?: boolean;
  /** An open obligation is due on or before that day. */
  readonly dueUntil?: PlainDate;
  /** At least one obligation was missed and not made good. */
  readonly missed?: boolean;
}

const shape: PageShape<CaseSort> = {
  list: 'cases',
  sorts: {
    ref: { expression: 'c.case_ref', type: 'text' },
    opened: { expression: 'c.opened_on', type: 'date' },
    due: { expression: `coalesce(c.next_due_on, date '9999-12-31')`, type: 'date' },
    'last-filing': { expression: `coalesce(c.last_filing_on, date '0001-01-01')`, type: 'date' },
  },
  defaultSort: 'ref',
  tie: { expression: 'c.case_id', type: 'uuid' },
};

export interface RegionTotals {
  readonly region: string;
  readonly stage: CaseOverviewRow['stage'];
  readonly cases: number;
  /** Sums of what was declared, digits. */
  readonly powerMw: string;
  readonly expansionMw: string;
}

export function caseQueries(source: DataSource) {
  const repository = source.getRepository(CaseOverviewRow);
  return {
    find: async (caseId: Uuid): Promise<CaseView | undefined> => (await repository.findOneBy({ caseId })) ?? undefined,

    /**
     * More than one only in a home of before references of our own were claims; a case that was merged does not count
     * beside another.
     */
    async idsByRef(caseRef: string): Promise<readonly Uuid[]> {
      const found = await repository.find({ select: { caseId: true, situation: true }, where: { caseRef } });
      const living = found.filter(({ situation }) => situation !== 'merged');
      return (living.length > 0 ? living : found).map(({ caseId }) => caseId);
    },

    list(list: CaseList): Promise<Page<CaseView>> {
      const { search, unassigned, missed } = list;
      const query = withFilters(repository.createQueryBuilder('c'), [
        ['c.region = :region', { region: list.region }],
        ['c.operator_bin = :bin', { bin: list.operatorBin }],
        ['c.stage = :stage', { stage: list.stage }],
        ['c.situation = :situation', { situation: list.situation }],
        ['c.assignee = :assignee', { assignee: list.assignee }],
        ['c.next_due_on <= :dueUntil', { dueUntil: list.dueUntil }],
      ]);
      if (unassigned === true) query.andWhere('c.assignee is null');
      if (missed === true) query.andWhere('c.missed_obligations > 0');
      if (search !== undefined && search !== '')
        query.andWhere(
          `(c.case_ref || ' ' || c.address ilike :search or c.operator_bin in (${operatorsNamed('search')}))`,
          { search: `%${likeText(search)}%` },
        );
      return pageOf(query, shape, list);
    },

    /** Planned and running megawatts of the active cases, by region and stage. */
    async totalsByRegion(): Promise<readonly RegionTotals[]> {
      const rows = await repository
        .createQueryBuilder('c')
        .select('c.region', 'region')
        .addSelect('c.stage', 'stage')
        .addSelect('count(*)::int', 'cases')
        .addSelect('coalesce(sum(c.power_mw::numeric), 0)::text', 'powerMw')
        .addSelect('coalesce(sum(c.expansion_mw::numeric), 0)::text', 'expansionMw')
        .where(`c.situation = 'active'`)
        .groupBy('c.region')
        .addGroupBy('c.stage')
        .orderBy('c.region')
        .addOrderBy('c.stage')
        .getRawMany<RegionTotals>();
      return rows;
    },

    /** Cases whose next quarterly obligation is to be opened by `now`, the longest waiting first. */
    async due(now: Instant, limit: number): Promise<readonly Pick<CaseOverviewRow, 'caseId' | 'nextStepAt'>[]> {
      return repository
        .createQueryBuilder('c')
        .select(['c.caseId', 'c.nextStepAt'])
        .where('c.next_step_at <= :now', { now })
        .orderBy('c.next_step_at')
        .limit(limit)
        .getMany();
    },
  };
}
