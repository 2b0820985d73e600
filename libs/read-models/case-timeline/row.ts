import type { Actor, Instant, PlainDate, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { Field, KeyField, tableOf } from '../engine/table.js';
import type { DomainFactType } from '../facts.js';

/** One fact of a case, from whichever of its streams, in the order of the log. */
@Entity({ schema: 'read', name: 'timeline' })
export class TimelineRow {
  @KeyField('uuid') caseId: Uuid;
  /** The two numbers the log's position sorts by. */
  @KeyField('bigint') logOrder: number;
  @KeyField('bigint') logMinor: number;
  @Field('text') position: string;
  @Field('text') stream: string;
  @Field('integer') revision: number;
  @Field('uuid') factId: Uuid;
  @Field('text') type: DomainFactType;
  @Field('timestamptz') recordedAt: Instant;
  /** The day that counts in law (receipt, opening, detection ...); where there is none the regulator's day of recording. */
  @Field('date') legalOn: PlainDate;
  @Field('text') actorId: string;
  @Field('text') actorKind: Actor['kind'];
  @Field('text') actorRole: Actor['role'];
  @Field('text', { nullable: true }) onBehalfOf: string | null;
  @Field('jsonb') summary: Readonly<Record<string, unknown>>;
}

/** Whose case a notice belongs to: only its first fact says so. */
@Entity({ schema: 'read', name: 'timeline_notice' })
export class TimelineNoticeRow {
  @KeyField('text') stream: string;
  @Field('uuid') caseId: Uuid;
}

export const timelineTable = tableOf(TimelineRow, 'caseId', { appendOnly: true });
export const timelineNoticeTable = tableOf(TimelineNoticeRow, 'stream');
