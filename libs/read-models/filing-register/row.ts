import type {
  FilingFlag,
  FilingKind,
  FilingVersion,
  PlannedConstructionValues,
  QuarterlyReferenceValues,
  Registration,
  TerminationValues,
} from '#libs/domain';
import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import { Entity } from 'typeorm';
import { CaseHeaderRow } from '../case-header.js';
import { Field, KeyField, tableOf } from '../engine/table.js';

@Entity({ schema: 'read', name: 'filing_case' })
export class FilingCaseRow extends CaseHeaderRow {}

/** What a document says, but for its bank details. */
export type OpenValues = Omit<PlannedConstructionValues, 'bank'> | QuarterlyReferenceValues | TerminationValues;

export interface FilingVersionView extends Pick<
  FilingVersion,
  'versionId' | 'cause' | 'registration' | 'location' | 'stated'
> {
  readonly values: OpenValues;
  readonly bankOnFile: boolean;
  readonly recordedAt: Instant;
  readonly changed?: readonly string[];
  readonly missing?: readonly string[];
  readonly reason?: string;
}

export interface FilingDocument {
  readonly sha256: string;
  readonly bytes: number;
  readonly mediaType: string;
  readonly name: string;
}

/**
 * One document received, with all its versions. The plain value columns are those in force. Of a case that was merged
 * both rows stay: the one of the duplicate names the case it was carried to, the one there where it came from.
 */
@Entity({ schema: 'read', name: 'filing' })
export class FilingRow {
  @KeyField('uuid') caseId: Uuid;
  @KeyField('uuid') filingId: Uuid;
  @Field('text') caseRef: string;
  /** Whose document it is, also when the case has passed to another. */
  @Field('text') operatorBin: string;
  @Field('text') kind: FilingKind;
  @Field('text', { nullable: true }) period: Quarter | null;
  @Field('text') journalNo: string;
  @Field('text') channel: 'electronic' | 'paper';
  @Field('timestamptz', { nullable: true }) submittedAt: Instant | null;
  @Field('timestamptz') receivedAt: Instant;
  @Field('date') receivedOn: PlainDate;
  @Field('text') precision: 'instant' | 'day';
  @Field('date') registeredOn: PlainDate;
  @Field('timestamptz') recordedAt: Instant;
  @Field('text') region: string;
  @Field('text') address: string;
  @Field('text', { nullable: true }) powerMw: Decimal | null;
  @Field('text', { nullable: true }) expansionMw: Decimal | null;
  @Field('text', { nullable: true }) equipmentInvestmentKzt: Decimal | null;
  @Field('text', { nullable: true }) investmentPotentialKzt: Decimal | null;
  @Field('integer', { nullable: true }) jobs: number | null;
  @Field('date', { nullable: true }) designStartOn: PlainDate | null;
  @Field('date', { nullable: true }) decidedOn: PlainDate | null;
  @Field('date', { nullable: true }) activityEndedOn: PlainDate | null;
  @Field('boolean') bankOnFile: boolean;
  @Field('jsonb') missing: readonly string[];
  @Field('jsonb') flags: readonly FilingFlag[];
  @Field('text') situation: 'standing' | 'corrected' | 'withdrawn' | 'annulled';
  /** The version in force, by receipt. */
  @Field('uuid') currentVersionId: Uuid;
  /** The version recorded last: what an If-Match names. */
  @Field('uuid') latestVersionId: Uuid;
  /** In the order of recording. */
  @Field('jsonb') versions: readonly FilingVersionView[];
  @Field('jsonb', { nullable: true }) takenBack: TakenBack | null;
  @Field('jsonb', { nullable: true }) annulmentProposal: { readonly by: string; readonly reason: string } | null;
  @Field('text', { nullable: true }) remark: string | null;
  @Field('jsonb', { nullable: true }) completionRequest: CompletionRequest | null;
  @Field('jsonb') documents: readonly FilingDocument[];
  @Field('uuid', { nullable: true }) absorbedFrom: Uuid | null;
  @Field('uuid', { nullable: true }) carriedTo: Uuid | null;
}

export interface TakenBack {
  readonly how: 'withdrawn' | 'annulled';
  readonly receivedOn: PlainDate;
  readonly reason?: string;
  readonly registration?: Registration;
  readonly proposedBy?: string;
  readonly confirmedBy?: string;
}

export interface CompletionRequest {
  readonly missing: readonly string[];
  readonly by: PlainDate;
  readonly text: string;
}

export const filingTable = tableOf(FilingRow, 'caseId');
export const filingCaseTable = tableOf(FilingCaseRow, 'caseId');
