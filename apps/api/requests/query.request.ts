import type { FilingFlag, ObligationKind } from '#libs/domain';
import type { PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { DisplayStatus, NoticeSituation } from '#libs/read-models';
import {
  Bin,
  CommaList,
  Count,
  FileName,
  Flag,
  Id,
  OneOf,
  PlainDay,
  QuarterOf,
  RegionCode,
  Text,
} from '../body/fields.js';
import { obligationKinds } from './order.request.js';

export const largestPage = 200;

/** What every answer that is read from the registers understands. */
export class PositionQuery {
  @Text(120, {
    optional: true,
    description:
      'A `Qadaga-Position`: the answer waits until it shows that command. The header of that name does the same.',
  })
  after?: string;
}

/** What every list understands. */
export class PageQuery extends PositionQuery {
  @Count(largestPage, { description: 'How many at most; without it 50.', example: 50 })
  limit?: number;

  @Text(2000, {
    optional: true,
    description: 'Where to go on: `next` of the page before, with the same filters and order.',
  })
  cursor?: string;
}

const sorted = (names: readonly string[]) =>
  OneOf(
    names.flatMap((name) => [name, `-${name}`]),
    { optional: true, description: 'With a minus sign in front: the last one first.' },
  );

export const caseStages = ['planned', 'existing', 'terminated'] as const;
export const caseSituations = ['active', 'closed', 'merged'] as const;

export class CasesQuery extends PageQuery {
  @Text(100, { optional: true, description: "Part of the reference or address, or of the operator's name." })
  search?: string;

  @Bin({ optional: true })
  operatorBin?: string;

  @RegionCode({ optional: true })
  region?: string;

  @OneOf(caseStages, { optional: true })
  stage?: (typeof caseStages)[number];

  @OneOf(caseSituations, { optional: true })
  situation?: (typeof caseSituations)[number];

  @Text(100, { optional: true, description: 'An account id.' })
  assignee?: string;

  @Flag({ description: 'true: nobody has it.' })
  unassigned?: boolean;

  @PlainDay({ optional: true, description: 'An open obligation is due on this day or earlier.' })
  dueTo?: PlainDate;

  @Flag({ description: 'true: an obligation was missed and not made good.' })
  missed?: boolean;

  @sorted(['ref', 'opened', 'due', 'last-filing'])
  sort?: string;
}

export const filingFlags = [
  'duplicate',
  'same-centre',
  'before-period-end',
  'after-termination',
  'after-rules-abolished',
  'case-closed',
] as const;

export class FilingsQuery extends PageQuery {
  @Text(100, {
    optional: true,
    description: "Beginning of the journal number or the case's reference, or part of the operator's name.",
  })
  search?: string;

  @OneOf(obligationKinds, { optional: true })
  kind?: ObligationKind;

  @QuarterOf({ optional: true })
  period?: Quarter;

  @Id({ optional: true })
  caseId?: Uuid;

  @Bin({ optional: true })
  operatorBin?: string;

  @RegionCode({ optional: true })
  region?: string;

  @OneOf(['electronic', 'paper'], { optional: true })
  channel?: 'electronic' | 'paper';

  @OneOf(['standing', 'corrected', 'withdrawn', 'annulled'], { optional: true })
  situation?: 'standing' | 'corrected' | 'withdrawn' | 'annulled';

  @OneOf(filingFlags, { optional: true })
  flag?: FilingFlag;

  @Flag({ description: 'Whether it lacks a needed value.' })
  incomplete?: boolean;

  @PlainDay({ optional: true })
  receivedFrom?: PlainDate;

  @PlainDay({ optional: true })
  receivedTo?: PlainDate;

  @sorted(['received', 'journal-no'])
  sort?: string;
}

export const displayStatuses = [
  'not_due',
  'due',
  'overdue',
  'met',
  'met_late',
  'undetermined',
  'excused',
  'void',
] as const;

export class ObligationsQuery extends PageQuery {
  @Text(100, { optional: true, description: "Beginning of the case's reference, or part of the operator's name." })
  search?: string;

  @OneOf(displayStatuses, { optional: true, description: '`overdue`: owed and past its deadline today.' })
  status?: DisplayStatus;

  @OneOf(obligationKinds, { optional: true })
  kind?: ObligationKind;

  @QuarterOf({ optional: true })
  period?: Quarter;

  @RegionCode({ optional: true })
  region?: string;

  @Bin({ optional: true })
  operatorBin?: string;

  @Id({ optional: true })
  caseId?: Uuid;

  @PlainDay({ optional: true, description: 'Due on this day or later.' })
  dueFrom?: PlainDate;

  @PlainDay({ optional: true, description: 'Due on this day or earlier.' })
  dueTo?: PlainDate;

  @Flag({ description: 'Whether it comes from imported history.' })
  historical?: boolean;

  @sorted(['due', 'ref'])
  sort?: string;
}

export const alertSituations = ['raised', 'sent', 'failed', 'cancelled'] as const;
export const alertAudiences = ['operator', 'case-officer', 'senior-officer'] as const;

export class AlertsQuery extends PageQuery {
  @Text(100, { optional: true, description: "Beginning of the case's reference." })
  search?: string;

  @OneOf(alertSituations, { optional: true })
  situation?: (typeof alertSituations)[number];

  @OneOf(alertAudiences, { optional: true })
  audience?: (typeof alertAudiences)[number];

  @OneOf(['obligation', 'notice'], { optional: true })
  subjectKind?: 'obligation' | 'notice';

  @Id({ optional: true })
  subjectId?: Uuid;

  @Id({ optional: true })
  caseId?: Uuid;

  @Bin({ optional: true })
  operatorBin?: string;

  @RegionCode({ optional: true })
  region?: string;

  @Text(100, { optional: true, description: 'Account of the officer who had the case when it was raised.' })
  assignee?: string;

  @OneOf(['awaited', 'posted'], {
    optional: true,
    description:
      'awaited: the letter list, operators whom mail does not reach and who still owe, of each duty the newest alert; ' +
      'posted: those written to.',
  })
  letter?: 'awaited' | 'posted';

  @PlainDay({ optional: true })
  dueFrom?: PlainDate;

  @PlainDay({ optional: true })
  dueTo?: PlainDate;

  @sorted(['raised', 'due'])
  sort?: string;
}

export const noticeSituations = [
  'issued',
  'queued',
  'sent',
  'delivered',
  'acknowledged',
  'refused',
  'failed',
  'historical',
] as const;

export class NoticesQuery extends PageQuery {
  @Text(100, { optional: true, description: 'Beginning of the number.' })
  search?: string;

  @CommaList(noticeSituations)
  situation?: readonly NoticeSituation[];

  @Id({ optional: true })
  caseId?: Uuid;

  @Id({ optional: true })
  filingId?: Uuid;

  @RegionCode({ optional: true })
  region?: string;

  @PlainDay({ optional: true })
  dueFrom?: PlainDate;

  @PlainDay({ optional: true })
  dueTo?: PlainDate;

  @Flag({ description: 'Whether its five days passed without its being sent.' })
  breached?: boolean;

  @Flag({ description: 'Whether a later notice took its place.' })
  superseded?: boolean;

  @sorted(['order', 'due'])
  sort?: string;
}

export class OperatorsQuery extends PageQuery {
  @Text(100, { optional: true, description: 'Part of the name, or the beginning of the BIN.' })
  search?: string;

  @Flag()
  hasContacts?: boolean;

  @sorted(['name', 'bin'])
  sort?: string;
}

export class RegionsQuery {
  @PlainDay({ optional: true, description: 'The regions of that day; without it of today.' })
  on?: PlainDate;
}

export class ReceiptQuery extends PositionQuery {
  @Id({
    optional: true,
    description:
      'The correction, completion or withdrawal whose receipt is wanted; without it that of the filing itself.',
  })
  document?: Uuid;
}

export class DryRunQuery {
  @Flag({ description: 'true: says which duties would move, and writes nothing.' })
  dryRun?: boolean;
}

export class DocumentNameQuery {
  @FileName(200, { description: 'The name of the file. Of a path only the last part is kept.', example: 'scan.pdf' })
  name: string;
}
