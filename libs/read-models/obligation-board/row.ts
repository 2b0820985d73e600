import type { DeadlineTrace, ObligationKind, ObligationStatus } from '#libs/domain';
import type { Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { CaseHeaderRow } from '../case-header.js';
import { Field, KeyField, tableOf } from '../engine/table.js';

@Entity({ schema: 'read', name: 'obligation_case' })
export class ObligationCaseRow extends CaseHeaderRow {}

/** One duty of an operator. Operator and region are the case's present ones: a duty passes with its case. */
@Entity({ schema: 'read', name: 'obligation' })
export class ObligationRow {
  @KeyField('uuid') obligationId: Uuid;
  @Field('uuid') caseId: Uuid;
  @Field('text') caseRef: string;
  @Field('text') operatorBin: string;
  @Field('text') region: string;
  @Field('text') kind: ObligationKind;
  @Field('text', { nullable: true }) period: Quarter | null;
  @Field('date') opensOn: PlainDate;
  @Field('timestamptz') openedAt: Instant;
  @Field('date') learnedOn: PlainDate;
  /** The three of the deadline are null when it cannot be determined. */
  @Field('date', { nullable: true }) nominalDueOn: PlainDate | null;
  @Field('date', { nullable: true }) dueOn: PlainDate | null;
  @Field('timestamptz', { nullable: true }) endsAt: Instant | null;
  @Field('jsonb', { nullable: true }) trace: DeadlineTrace | null;
  @Field('text', { nullable: true }) revisedBecause: string | null;
  @Field('text') ruleSetId: string;
  @Field('text') status: ObligationStatus;
  @Field('boolean') historical: boolean;
  @Field('uuid', { nullable: true }) metByFilingId: Uuid | null;
  @Field('text', { nullable: true }) metJournalNo: string | null;
  @Field('date', { nullable: true }) metReceivedOn: PlainDate | null;
  @Field('integer', { nullable: true }) daysLate: number | null;
  /** Stays when a late filing resolves the miss; goes when the miss is rescinded. */
  @Field('date', { nullable: true }) missDetectedOn: PlainDate | null;
  @Field('text', { nullable: true }) missRescindedBecause: string | null;
  @Field('text', { nullable: true }) excusedByOrder: string | null;
  @Field('text', { nullable: true }) excuseReason: string | null;
  @Field('date', { nullable: true }) excusedOn: PlainDate | null;
  /** Steps of the ladder that were raised or recorded as passed. */
  /** Steps of the ladder raised or passed, each with its term (`stepOfTerm`). */
  @Field('jsonb') stepsTaken: readonly string[];
  /** When the sweep has to look: the next step not taken, or the end of the term. null: nothing to wait for. */
  @Field('timestamptz', { nullable: true }) nextStepAt: Instant | null;
}

export const obligationTable = tableOf(ObligationRow, 'caseId');
export const obligationCaseTable = tableOf(ObligationCaseRow, 'caseId');
