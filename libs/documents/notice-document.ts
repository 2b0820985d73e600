import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { NoticeIssue } from '#libs/domain';

/**
 * The electronic document of rule 6, as the energy body gets it. The contents are exactly the three that the rule names
 * and the envelope is a closed list: nothing of the operator, its bank or the incoming journal may ever be in it.
 */
export interface NoticeDocument {
  readonly noticeId: Uuid;
  readonly number: string;
  readonly issuedOn: PlainDate;
  readonly legalBasis: string;
  readonly deadline: { readonly dueOn: PlainDate; readonly endsAt: Instant; readonly zone: string };
  readonly stage: 'planned' | 'existing' | 'terminated';
  readonly period: Quarter | null;
  /** Names the centre to the energy body; says nothing of who runs it. */
  readonly centreId: Uuid;
  readonly supersedes: Uuid | null;
  readonly contents: {
    readonly location: { readonly region: string; readonly address: string };
    readonly powerMw: Decimal | 'not stated';
    readonly expansionMw: Decimal | 'not stated';
  };
}

/** Field by field on purpose: a member added to the issue must not slip out. */
export function noticeDocument(issue: NoticeIssue & { readonly issuedOn: PlainDate }): NoticeDocument {
  const { contents, deadline } = issue;
  return {
    noticeId: issue.noticeId,
    number: issue.number,
    issuedOn: issue.issuedOn,
    legalBasis: issue.legalBasis,
    deadline: { dueOn: deadline.dueOn, endsAt: deadline.endsAt, zone: deadline.trace.zone },
    stage: issue.stage,
    period: issue.period ?? null,
    centreId: issue.centreId,
    supersedes: issue.supersedes ?? null,
    contents: {
      location: { region: contents.location.region, address: contents.location.address },
      powerMw: contents.powerMw ?? 'not stated',
      expansionMw: contents.expansionMw ?? 'not stated',
    },
  };
}
