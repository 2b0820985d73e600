import { isRejection, reject, type Instant, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import {
  caseDecider,
  caseStream,
  centreIdOf,
  noticeDeadline,
  noticeDecider,
  noticeHistorical,
  noticeStream,
  notifiableVersions,
  type Calendar,
  type CaseFile,
  type NoticeCommand,
  type NoticeIssue,
  type NoticeState,
  type NotifiableVersion,
  type RuleSet,
} from '#libs/domain';
import type { House } from '../house.js';
import { rulesFor } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

export async function onNotice(
  house: House,
  noticeId: Uuid,
  command: NoticeCommand,
  request: Request,
): Promise<Done<NoticeState> | Rejection> {
  return house.writePath.execute({
    decider: noticeDecider,
    stream: noticeStream(noticeId),
    command,
    request,
    context: (_state, now) => ({ now }),
  });
}

/** The notice a filing version gives, complete but for its number. */
export function noticeFor(
  file: CaseFile,
  notifiable: NotifiableVersion,
  rules: RuleSet,
  calendar: Calendar,
  number: string,
  historical: boolean,
): NoticeIssue {
  const { noticeId, filingId, version, trigger, stage, period, contents, supersedes } = notifiable;
  const { receivedAt, receivedOn } = version.registration;
  return {
    noticeId,
    number,
    caseId: file.caseId,
    centreId: centreIdOf(file.caseId),
    filingId,
    versionId: version.versionId,
    trigger,
    legalBasis: `${rules.citation}, clause ${rules.notice.clause}`,
    stage,
    ...(period ? { period } : {}),
    receivedAt,
    receivedOn,
    deadline: noticeDeadline(rules, calendar, receivedOn),
    contents,
    ...(supersedes ? { supersedes } : {}),
    historical,
  };
}

/** The case with the version in it: a cached state serves unless another process recorded the version since. */
async function caseWith(house: House, { caseId, versionId }: { readonly caseId: Uuid; readonly versionId: Uuid }) {
  const cached = await house.writePath.load(caseStream(caseId), caseDecider);
  const { state } = cached;
  const known =
    state.situation !== 'none' &&
    [...state.file.filings.values()].some((filing) => filing.versions.some((one) => one.versionId === versionId));
  return known ? cached : house.writePath.fresh(caseStream(caseId), caseDecider);
}

/** Issues the notice of one filing version; a version that needs none answers undefined. Twice is once. */
export async function issueNotice(
  house: House,
  input: { readonly caseId: Uuid; readonly versionId: Uuid },
  request: Request,
): Promise<Done<NoticeState> | Rejection | undefined> {
  const { state } = await caseWith(house, input);
  if (state.situation === 'none') return reject('not-found', 'case-unknown', 'there is no such case');
  const rules = rulesFor(house, state);
  const notifiable = notifiableVersions(state.file, rules).find((one) => one.version.versionId === input.versionId);
  if (!notifiable) return undefined;
  const { noticeId } = notifiable;
  const known = await house.writePath.load(noticeStream(noticeId), noticeDecider);
  const number =
    known.state.situation === 'none'
      ? await house.numbers.next('notice', Number(request.arrivedAt.slice(0, 4)))
      : known.state.issue.number;
  await house.lawBook.refreshIfOld();
  const issue = noticeFor(state.file, notifiable, rules, house.lawBook.calendar(rules.calendarId), number, false);
  const done = await onNotice(house, noticeId, { type: 'IssueNotice', issue }, request);
  if (isRejection(done) || issue.supersedes === undefined) return done;
  const superseded = await onNotice(house, issue.supersedes, { type: 'SupersedeNotice', by: noticeId }, request);
  // What it supersedes may have been imported with another history and have no notice here.
  return isRejection(superseded) && superseded.kind !== 'not-found' ? superseded : done;
}

export interface IssueNoticeInput {
  readonly caseId: Uuid;
  /** The document the energy body is to be told of: a filing's id, or a correction's or completion's. */
  readonly versionId: Uuid;
}
/** For a document whose notice did not come by itself; twice is once. */
export class IssueNotice extends UseCase<IssueNoticeInput, Done<NoticeState>> {}
export const IssueNoticeHandler = handlerOf(IssueNotice, async (house, input: IssueNoticeInput, request) => {
  const done = await issueNotice(house, input, request);
  if (done === undefined)
    return reject('conflict', 'notice-not-needed', 'the document changes nothing of what the energy body is told');
  return !isRejection(done) && done.state.situation === 'historical' ? noticeHistorical : done;
});

export interface RecordDeliveryByHandInput {
  readonly noticeId: Uuid;
  /** Default: now. */
  readonly deliveredAt?: Instant;
  readonly means: string;
}
export class RecordDeliveryByHand extends UseCase<RecordDeliveryByHandInput, Done<NoticeState>> {}
export const RecordDeliveryByHandHandler = handlerOf(
  RecordDeliveryByHand,
  (house, { noticeId, deliveredAt, means }: RecordDeliveryByHandInput, request) =>
    onNotice(
      house,
      noticeId,
      { type: 'RecordDeliveryByHand', deliveredAt: deliveredAt ?? request.arrivedAt, means },
      request,
    ),
);

export interface AcknowledgeNoticeInput {
  readonly noticeId: Uuid;
  readonly theirNumber: string;
  readonly theirDate: PlainDate;
}
export class AcknowledgeNotice extends UseCase<AcknowledgeNoticeInput, Done<NoticeState>> {}
export const AcknowledgeNoticeHandler = handlerOf(
  AcknowledgeNotice,
  (house, { noticeId, ...rest }: AcknowledgeNoticeInput, request) =>
    onNotice(house, noticeId, { type: 'AcknowledgeNotice', ...rest }, request),
);

export interface RefuseNoticeInput {
  readonly noticeId: Uuid;
  readonly reason: string;
}
export class RefuseNotice extends UseCase<RefuseNoticeInput, Done<NoticeState>> {}
export const RefuseNoticeHandler = handlerOf(RefuseNotice, (house, { noticeId, reason }: RefuseNoticeInput, request) =>
  onNotice(house, noticeId, { type: 'RefuseNotice', reason }, request),
);
