import type { Instant, PlainDate, Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import { likeText, pageOf, withFilters, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { NoticeRow, type NoticeSituation } from './row.js';

type NoticeSort = 'order' | 'inbox' | 'due';

export interface NoticeList extends PageRequest<NoticeSort> {
  readonly caseId?: Uuid;
  readonly filingId?: Uuid;
  readonly region?: string;
  readonly situations?: readonly NoticeSituation[];
  readonly stage?: NoticeRow['stage'];
  readonly breached?: boolean;
  readonly superseded?: boolean;
  /** Both days inclusive. */
  readonly dueFrom?: PlainDate;
  readonly dueUntil?: PlainDate;
  /** The beginning of the number. */
  readonly search?: string;
}

/** Both numbers of a place in the log: on some engines what was written together shares the first. */
export type InboxPlace = readonly [order: number, minor: number];
export const inboxStart: InboxPlace = [0, 0];

/** Undefined for a notice that was not sent. */
export const inboxPlaceOf = ({ inboxPosition, inboxMinor }: NoticeRow): InboxPlace | undefined =>
  inboxPosition === null ? undefined : [inboxPosition, inboxMinor ?? 0];

const shape: PageShape<NoticeSort> = {
  list: 'notices',
  sorts: {
    order: { expression: 'n.order_no', type: 'bigint' },
    inbox: { expression: 'n.inbox_position', type: 'bigint' },
    due: { expression: 'n.due_on', type: 'date' },
  },
  defaultSort: 'order',
  tie: { expression: 'n.notice_id', type: 'uuid' },
};

export function noticeQueries(source: DataSource) {
  const repository = source.getRepository(NoticeRow);
  return {
    find: async (noticeId: Uuid): Promise<NoticeRow | undefined> =>
      (await repository.findOneBy({ noticeId })) ?? undefined,

    list(list: NoticeList): Promise<Page<NoticeRow>> {
      const { situations, superseded, search } = list;
      const query = withFilters(repository.createQueryBuilder('n'), [
        ['n.case_id = :caseId', { caseId: list.caseId }],
        ['n.filing_id = :filingId', { filingId: list.filingId }],
        ['n.region = :region', { region: list.region }],
        ['n.stage = :stage', { stage: list.stage }],
        ['n.breached = :breached', { breached: list.breached }],
        ['n.due_on >= :dueFrom', { dueFrom: list.dueFrom }],
        ['n.due_on <= :dueUntil', { dueUntil: list.dueUntil }],
      ]);
      if (situations !== undefined) query.andWhere('n.situation = any(:situations)', { situations });
      if (superseded !== undefined) query.andWhere('(n.superseded_by is not null) = :superseded', { superseded });
      if (search !== undefined && search !== '')
        query.andWhere('n.number like :begin', { begin: `${likeText(search)}%` });
      if (list.sort === 'inbox') query.andWhere('n.inbox_position is not null');
      return pageOf(query, shape, list);
    },

    /** What came to the energy body's inbox after that place, in the order of coming. */
    inbox: ([order, minor]: InboxPlace, limit: number): Promise<readonly NoticeRow[]> =>
      repository
        .createQueryBuilder('n')
        // The first condition is what the index is asked.
        .where('n.inbox_position >= :order', { order })
        .andWhere('(n.inbox_position, n.inbox_minor) > (:order, :minor)', { minor })
        .orderBy('n.inbox_position')
        .addOrderBy('n.inbox_minor')
        .limit(limit)
        .getMany(),

    /** Notices not sent at which the sweep has something to do by `now`, the longest waiting first. */
    due: (now: Instant, limit: number): Promise<readonly NoticeRow[]> =>
      repository
        .createQueryBuilder('n')
        .where('n.next_step_at <= :now', { now })
        .orderBy('n.next_step_at')
        .limit(limit)
        .getMany(),
  };
}
