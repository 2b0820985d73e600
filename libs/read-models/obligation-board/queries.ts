import type { ObligationKind, ObligationStatus } from '#libs/domain';
import type { Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import { operatorsNamed } from '../operator-register/queries.js';
import { likeText, pageOf, withFilters, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { ObligationRow } from './row.js';

/** What a reader is shown: a settled duty's own status, or where an unsettled one stands on a given day. */
export type DisplayStatus = 'not_due' | 'due' | 'overdue' | Exclude<ObligationStatus, 'open' | 'missed'>;
export type ObligationView = ObligationRow & { readonly display: DisplayStatus };
type ObligationSort = 'due' | 'ref';

export interface ObligationList extends PageRequest<ObligationSort> {
  /** The regulator's day the display status is derived for. */
  readonly today: PlainDate;
  readonly display?: DisplayStatus;
  readonly status?: ObligationStatus;
  readonly caseId?: Uuid;
  readonly region?: string;
  readonly operatorBin?: string;
  readonly kind?: ObligationKind;
  readonly period?: Quarter;
  /** Both days inclusive. */
  readonly dueFrom?: PlainDate;
  readonly dueUntil?: PlainDate;
  readonly historical?: boolean;
  /** The beginning of the case's reference, or part of the operator's name. */
  readonly search?: string;
}

const due = `coalesce(o.due_on, date '9999-12-31')`;
const unsettled = `o.status in ('open', 'missed')`;
const shape: PageShape<ObligationSort> = {
  list: 'obligations',
  sorts: { due: { expression: due, type: 'date' }, ref: { expression: 'o.case_ref', type: 'text' } },
  defaultSort: 'due',
  tie: { expression: 'o.obligation_id', type: 'uuid' },
};

/** Late begins with the day after the due day, by the regulator's calendar. */
export function displayStatus(
  { status, opensOn, dueOn }: Pick<ObligationRow, 'status' | 'opensOn' | 'dueOn'>,
  today: PlainDate,
): DisplayStatus {
  if (status !== 'open' && status !== 'missed') return status;
  if (dueOn !== null && today > dueOn) return 'overdue';
  return today < opensOn ? 'not_due' : 'due';
}

const displayConditions: { readonly [Display in 'not_due' | 'due' | 'overdue']: string } = {
  overdue: `${unsettled} and ${due} < :today::date`,
  due: `${unsettled} and ${due} >= :today::date and o.opens_on <= :today::date`,
  not_due: `${unsettled} and ${due} >= :today::date and o.opens_on > :today::date`,
};

export function obligationQueries(source: DataSource) {
  const repository = source.getRepository(ObligationRow);
  return {
    async find(obligationId: Uuid, today: PlainDate): Promise<ObligationView | undefined> {
      const row = await repository.findOneBy({ obligationId });
      return row === null ? undefined : { ...row, display: displayStatus(row, today) };
    },

    /** All duties of a case, the earliest due first. */
    async ofCase(caseId: Uuid, today: PlainDate): Promise<readonly ObligationView[]> {
      const rows = await repository
        .createQueryBuilder('o')
        .where('o.case_id = :caseId', { caseId })
        .orderBy(due)
        .addOrderBy('o.obligation_id')
        .getMany();
      return rows.map((row) => ({ ...row, display: displayStatus(row, today) }));
    },

    async list(list: ObligationList): Promise<Page<ObligationView>> {
      const { display, today, search } = list;
      const query = withFilters(repository.createQueryBuilder('o'), [
        ['o.status = :status', { status: list.status }],
        ['o.case_id = :caseId', { caseId: list.caseId }],
        ['o.region = :region', { region: list.region }],
        ['o.operator_bin = :bin', { bin: list.operatorBin }],
        ['o.kind = :kind', { kind: list.kind }],
        ['o.period = :period', { period: list.period }],
        [`${due} >= :dueFrom::date`, { dueFrom: list.dueFrom }],
        [`${due} <= :dueUntil::date`, { dueUntil: list.dueUntil }],
        ['o.historical = :historical', { historical: list.historical }],
      ]);
      if (display === 'not_due' || display === 'due' || display === 'overdue')
        query.andWhere(displayConditions[display], { today });
      else if (display !== undefined) query.andWhere('o.status = :display', { display });
      if (search !== undefined && search !== '')
        query.andWhere(`(o.case_ref like :begin or o.operator_bin in (${operatorsNamed('part')}))`, {
          begin: `${likeText(search)}%`,
          part: `%${likeText(search)}%`,
        });
      const { rows, ...rest } = await pageOf(query, shape, list);
      return { rows: rows.map((row) => ({ ...row, display: displayStatus(row, today) })), ...rest };
    },

    /** Duties at which the sweep has something to do by `now`, the longest waiting first. */
    due: (now: Instant, limit: number): Promise<readonly ObligationRow[]> =>
      repository
        .createQueryBuilder('o')
        .where('o.next_step_at <= :now', { now })
        .orderBy('o.next_step_at')
        .limit(limit)
        .getMany(),
  };
}
