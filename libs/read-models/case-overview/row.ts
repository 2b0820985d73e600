import type { Decimal, Instant, PlainDate, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { CaseHeaderRow } from '../case-header.js';
import { Field, tableOf } from '../engine/table.js';
import type { CaseDigest } from './digest.js';

/** One data-center case as it stands now. */
@Entity({ schema: 'read', name: 'case_overview' })
export class CaseOverviewRow extends CaseHeaderRow {
  @Field('text') stage: 'planned' | 'existing' | 'terminated';
  @Field('text') situation: 'active' | 'closed' | 'merged';
  @Field('uuid', { nullable: true }) mergedInto: Uuid | null;
  @Field('date') openedOn: PlainDate;
  /** Digits as filed; null: never declared. */
  @Field('text', { nullable: true }) powerMw: Decimal | null;
  @Field('uuid', { nullable: true }) powerFilingId: Uuid | null;
  @Field('text', { nullable: true }) expansionMw: Decimal | null;
  /** null for a value that came with a commissioning entry. */
  @Field('uuid', { nullable: true }) expansionFilingId: Uuid | null;
  @Field('integer', { nullable: true }) jobs: number | null;
  @Field('uuid', { nullable: true }) jobsFilingId: Uuid | null;
  @Field('integer') openObligations: number;
  @Field('integer') missedObligations: number;
  /** The earliest due day of an open obligation. */
  @Field('date', { nullable: true }) nextDueOn: PlainDate | null;
  @Field('text', { nullable: true }) assignee: string | null;
  /** The day the latest standing filing was received. */
  @Field('date', { nullable: true }) lastFilingOn: PlainDate | null;
  /** When the deadline engine has to look: the opening of the next quarterly obligation. null: none will open. */
  @Field('timestamptz', { nullable: true }) nextStepAt: Instant | null;
  /** The projection's own memory of the case; no query gives it. */
  @Field('jsonb', { select: false }) digest: CaseDigest;
}

export const caseOverviewTable = tableOf(CaseOverviewRow, 'caseId');
