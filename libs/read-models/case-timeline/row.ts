import type { Actor, Instant, PlainDate, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { Field, KeyField, tableOf } from '../engine/table.js';
import type { DomainFactType } from '../facts.js';

/** One fact of a case, from whichever of its streams, in the order of the log. */
@Entity({ schema: 'read', name: 'timeline' })
export class TimelineRow {
  @KeyField('text') stream: string;
  @KeyField('integer') revision: number;
  @Field('uuid') caseId: Uuid;
  /** The log's position, and the two numbers it sorts by. */
  @Field('text') position: string;
  @Field('bigint') logOrder: number;
  @Field('bigint') logMinor: number;
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

export const timelineTable = tableOf(TimelineRow, 'stream', { appendOnly: true });
export const timelineNoticeTable = tableOf(TimelineNoticeRow, 'stream');
