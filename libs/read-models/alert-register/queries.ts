import type { AlertStep } from '#libs/domain';
import type { PlainDate, Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import { likeText, pageOf, withFilters, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { AlertRow } from './row.js';

type AlertSort = 'raised' | 'due';

export interface AlertList extends PageRequest<AlertSort> {
  readonly caseId?: Uuid;
  readonly subjectId?: Uuid;
  readonly subjectKind?: AlertRow['subjectKind'];
  readonly step?: AlertStep;
  readonly situation?: AlertRow['situation'];
  readonly audience?: AlertRow['audience'][number];
  readonly region?: string;
  readonly operatorBin?: string;
  readonly assignee?: string;
  /** `awaited`: the letter list, of each duty that was not settled since the newest alert alone. */
  readonly letter?: 'awaited' | 'posted';
  /** Both days inclusive. */
  readonly dueFrom?: PlainDate;
  readonly dueUntil?: PlainDate;
  /** The beginning of the case's reference. */
  readonly search?: string;
}

const shape: PageShape<AlertSort> = {
  list: 'alerts',
  sorts: {
    raised: { expression: 'a.raised_at', type: 'timestamptz' },
    due: { expression: 'a.due_on', type: 'date' },
  },
  defaultSort: 'raised',
  tie: { expression: 'a.alert_id', type: 'uuid' },
};

/** The duty is not settled, and its day was not moved so that what the alert says no longer holds. */
const holds = (alert: 'a' | 'newer') =>
  `(o.status = 'missed' or o.status = 'open' and (o.due_on = ${alert}.due_on or ${alert}.step = 'opened'))`;

/**
 * One letter a duty: an alert is overtaken by a newer one that reached the operator or asks for a letter itself. One whose
 * day was moved before anybody wrote told the operator nothing, and overtakes nothing.
 */
const asksForLetter = `exists (select from read.obligation o where o.obligation_id = a.subject_id and ${holds('a')}
  and not exists (select from read.alert newer where newer.subject_id = a.subject_id
    and (newer.raised_at, newer.alert_id) > (a.raised_at, a.alert_id)
    and newer.sendings @> '[{"audience": "operator"}]' and (newer.letter <> 'awaited' or ${holds('newer')})))`;

export function alertQueries(source: DataSource) {
  const repository = source.getRepository(AlertRow);
  return {
    find: async (alertId: Uuid): Promise<AlertRow | undefined> =>
      (await repository.findOneBy({ alertId })) ?? undefined,

    list(list: AlertList): Promise<Page<AlertRow>> {
      const { audience, search } = list;
      const query = withFilters(repository.createQueryBuilder('a'), [
        ['a.case_id = :caseId', { caseId: list.caseId }],
        ['a.subject_id = :subjectId', { subjectId: list.subjectId }],
        ['a.subject_kind = :subjectKind', { subjectKind: list.subjectKind }],
        ['a.step = :step', { step: list.step }],
        ['a.situation = :situation', { situation: list.situation }],
        ['a.region = :region', { region: list.region }],
        ['a.operator_bin = :bin', { bin: list.operatorBin }],
        ['a.assignee = :assignee', { assignee: list.assignee }],
        ['a.letter = :letter', { letter: list.letter }],
        ['a.due_on >= :dueFrom', { dueFrom: list.dueFrom }],
        ['a.due_on <= :dueUntil', { dueUntil: list.dueUntil }],
      ]);
      if (audience !== undefined)
        query.andWhere('a.audience @> :audience::jsonb', { audience: JSON.stringify([audience]) });
      if (list.letter === 'awaited') query.andWhere(asksForLetter);
      if (search !== undefined && search !== '')
        query.andWhere('a.case_ref like :begin', { begin: `${likeText(search)}%` });
      return pageOf(query, shape, list);
    },
  };
}
