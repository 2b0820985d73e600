import { noticeCategory } from '#libs/domain';
import { dayAt, type Uuid } from '#libs/kernel';
import type { Projection, ProjectionContext, Rows } from '../engine/projection.js';
import { logOrder, streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { timelineNoticeTable, timelineTable } from './row.js';
import { legalDay, summary } from './summary.js';

/** A unit is a stream: a fact's row needs no other fact but, for a notice, its first. */
export function caseTimelineProjection({ zone }: ProjectionContext): Projection {
  return {
    readModel: 'timeline',
    tables: [timelineTable, timelineNoticeTable],
    feeds: feedsOf('timeline'),
    unitsOf: (fact) => [fact.stream],
    streamsOf: (unit) => [unit],
    recalls: (unit) => unit.startsWith(noticeCategory),
    apply(rows, fact) {
      const { position, stream, revision, id, type, recordedAt } = fact;
      const { actor } = fact.meta;
      const [order, minor] = logOrder(position);
      rows.append(timelineTable, {
        stream,
        revision,
        caseId: caseOf(rows, fact),
        position,
        logOrder: order,
        logMinor: minor,
        factId: id,
        type,
        recordedAt,
        legalOn: legalDay(fact) ?? dayAt(recordedAt, zone),
        actorId: actor.id,
        actorKind: actor.kind,
        actorRole: actor.role,
        onBehalfOf: actor.onBehalfOf ?? null,
        summary: summary(fact),
      });
    },
  };
}

function caseOf(rows: Rows, fact: DomainFact): Uuid {
  if (!fact.stream.startsWith(noticeCategory)) return streamKey(fact.stream) as Uuid;
  if (fact.type === 'NoticeIssued') {
    const { caseId } = fact.data;
    rows.put(timelineNoticeTable, '', { stream: fact.stream, caseId });
    return caseId;
  }
  const known = rows.get(timelineNoticeTable, '');
  if (known === undefined) throw new Error(`${fact.type} before NoticeIssued`);
  return known.caseId;
}
