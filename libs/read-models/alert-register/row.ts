import type { AlertAudience, AlertCancelled, AlertSent, AlertStep } from '#libs/domain';
import type { Instant, PlainDate, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { CaseHeaderRow } from '../case-header.js';
import { Field, KeyField, tableOf } from '../engine/table.js';

@Entity({ schema: 'read', name: 'alert_case' })
export class AlertCaseRow extends CaseHeaderRow {}

export interface AlertSending {
  readonly audience: AlertAudience;
  readonly channel: AlertSent['data']['channel'];
  readonly at: Instant;
}

/** One step of a ladder that was raised. Operator and region are those of that moment. */
@Entity({ schema: 'read', name: 'alert' })
export class AlertRow {
  @KeyField('uuid') alertId: Uuid;
  @Field('uuid') caseId: Uuid;
  @Field('text') caseRef: string;
  @Field('text') operatorBin: string;
  @Field('text') region: string;
  @Field('text') subjectKind: 'obligation' | 'notice';
  @Field('uuid') subjectId: Uuid;
  @Field('text') step: AlertStep;
  @Field('jsonb') passed: readonly AlertStep[];
  @Field('jsonb') audience: readonly AlertAudience[];
  @Field('date') dueOn: PlainDate;
  @Field('date') raisedOn: PlainDate;
  @Field('timestamptz') raisedAt: Instant;
  /** `sent`: to everyone it is for. `failed`: the last try did not arrive; it is tried again. */
  @Field('text') situation: 'raised' | 'sent' | 'failed' | 'cancelled';
  @Field('jsonb') sendings: readonly AlertSending[];
  @Field('integer') failures: number;
  @Field('text', { nullable: true }) lastFailure: string | null;
  @Field('text', { nullable: true }) cancelledBecause: AlertCancelled['data']['because'] | null;
  /** The officer who had the case when it was raised, of an alert that is for officers too. */
  @Field('text', { nullable: true }) assignee: string | null;
  /** Whether a registrar has to write, since mail does not reach the operator. */
  @Field('text') letter: 'none' | 'awaited' | 'posted';
  @Field('date', { nullable: true }) letterPostedOn: PlainDate | null;
  @Field('text', { nullable: true }) letterNumber: string | null;
}

export const alertTable = tableOf(AlertRow, 'caseId');
export const alertCaseTable = tableOf(AlertCaseRow, 'caseId');
