import type { AuthorityStepName, DeadlineTrace, NoticeChannel, NoticeIssue, NoticeTrigger } from '#libs/domain';
import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { Field, KeyField, tableOf } from '../engine/table.js';

export type NoticeSituation =
  'issued' | 'queued' | 'sent' | 'delivered' | 'acknowledged' | 'refused' | 'failed' | 'historical';

export type NoticeStep = AuthorityStepName | 'refused';

/** A notice of rule 6 to the energy body. Its readers there must not learn the operator, so no column names it. */
@Entity({ schema: 'read', name: 'notice' })
export class NoticeRow {
  @KeyField('uuid') noticeId: Uuid;
  @Field('text') number: string;
  /** The issue's place in the log. */
  @Field('bigint') orderNo: number;
  /** Its place in the energy body's inbox: that of the sending in the log. A reader who goes on from one misses none. */
  @Field('bigint', { nullable: true }) inboxPosition: number | null;
  /** The second number of that place, where the log has one. */
  @Field('bigint', { nullable: true }) inboxMinor: number | null;
  @Field('uuid') caseId: Uuid;
  @Field('uuid') centreId: Uuid;
  @Field('uuid') filingId: Uuid;
  @Field('uuid') versionId: Uuid;
  @Field('text') trigger: NoticeTrigger;
  @Field('text') legalBasis: string;
  @Field('text') stage: NoticeIssue['stage'];
  @Field('text', { nullable: true }) period: Quarter | null;
  @Field('timestamptz') receivedAt: Instant;
  @Field('date') receivedOn: PlainDate;
  @Field('date') issuedOn: PlainDate;
  @Field('timestamptz') issuedAt: Instant;
  @Field('date') nominalDueOn: PlainDate;
  @Field('date') dueOn: PlainDate;
  @Field('timestamptz') endsAt: Instant;
  @Field('jsonb') trace: DeadlineTrace;
  @Field('text') region: string;
  @Field('text') address: string;
  /** Digits as filed; null prints "not stated". */
  @Field('text', { nullable: true }) powerMw: Decimal | null;
  @Field('text', { nullable: true }) expansionMw: Decimal | null;
  @Field('text') situation: NoticeSituation;
  @Field('uuid', { nullable: true }) supersedes: Uuid | null;
  @Field('uuid', { nullable: true }) supersededBy: Uuid | null;
  @Field('text', { nullable: true }) channel: NoticeChannel | null;
  @Field('timestamptz', { nullable: true }) sentAt: Instant | null;
  @Field('boolean', { nullable: true }) sentInTime: boolean | null;
  @Field('timestamptz', { nullable: true }) deliveredAt: Instant | null;
  @Field('timestamptz', { nullable: true }) answeredAt: Instant | null;
  @Field('text', { nullable: true }) theirNumber: string | null;
  @Field('date', { nullable: true }) theirDate: PlainDate | null;
  @Field('text', { nullable: true }) refusedBecause: string | null;
  @Field('integer') attempts: number;
  @Field('text', { nullable: true }) lastFailure: string | null;
  @Field('boolean') breached: boolean;
  /** Stays when it turned out that the notice had been sent in time. */
  @Field('date', { nullable: true }) breachDetectedOn: PlainDate | null;
  @Field('jsonb') stepsTaken: readonly NoticeStep[];
  /** When the sweep has to look: the next step not taken, or the end of the term. null once sent, unless it was refused. */
  @Field('timestamptz', { nullable: true }) nextStepAt: Instant | null;
}

export const noticeTable = tableOf(NoticeRow, 'noticeId');
