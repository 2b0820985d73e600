import type { Uuid } from '#libs/kernel';
import type { DataSource } from 'typeorm';
import type { DomainFactType } from '../facts.js';
import { pageOf, type Page, type PageRequest, type PageShape } from '../query/page.js';
import { TimelineRow } from './row.js';

export interface TimelineList extends PageRequest<'log'> {
  readonly types?: readonly DomainFactType[];
}

/** Order and minor as one text that sorts as the log does; both are below 10^19. */
const shape: PageShape<'log'> = {
  list: 'timeline',
  sorts: { log: { expression: 't.log_order', type: 'bigint' } },
  defaultSort: 'log',
  tie: { expression: `lpad(t.log_minor::text, 19, '0') || t.stream`, type: 'text' },
};

export function timelineQueries(source: DataSource) {
  const repository = source.getRepository(TimelineRow);
  return {
    /** The facts of a case from all its streams, in log order. */
    ofCase(caseId: Uuid, list: TimelineList = {}): Promise<Page<TimelineRow>> {
      const query = repository.createQueryBuilder('t').where('t.case_id = :caseId', { caseId });
      if (list.types !== undefined) query.andWhere('t.type = any(:types)', { types: list.types });
      return pageOf(query, shape, list);
    },
  };
}
