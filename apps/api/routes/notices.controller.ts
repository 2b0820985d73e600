import { Controller, Inject, Param } from '@nestjs/common';
import { AcknowledgeNotice, IssueNotice, onNotice, RecordDeliveryByHand, RefuseNotice } from '#libs/application';
import { findNoticeToDeliver } from '#libs/engine';
import { isRejection } from '#libs/kernel';
import { inboxPlaceOf, inboxStart, type InboxPlace, type NoticeRow } from '#libs/read-models';
import { inboxView, itemsOf, noticeView } from '../answers/views.js';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange, QueryOf } from '../exchange.js';
import { faultyField, notFound } from '../faults.js';
import { Lookups } from '../lookups.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { given, orderOf, Questions } from '../questions.js';
import { idOf } from '../requests/filing-input.js';
import { NoticesQuery, PageQuery, PositionQuery } from '../requests/query.request.js';
import { AcknowledgementBody, DeliveryBody, NoticeIssueBody, ReasonBody } from '../requests/registry.request.js';
import { Command, Question } from '../routing.js';

const params = { noticeId: 'Id of the notice.' };

@Controller('api/v1')
export class NoticesController {
  constructor(
    private readonly commands: Commands,
    private readonly questions: Questions,
    private readonly lookups: Lookups,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Question('notices', {
    action: 'read-notices',
    summary: 'The notice register',
    query: NoticesQuery,
    answer: 'NoticePage',
    tag: 'notices',
  })
  async notices(@Ask() exchange: Exchange, @QueryOf(NoticesQuery) query: NoticesQuery) {
    const { after, sort, dueTo, situation, ...filters } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    return itemsOf(
      await ask.notices.list({
        ...given({ ...filters, dueUntil: dueTo, situations: situation }),
        ...orderOf<'order'>(sort),
      }),
      noticeView,
    );
  }

  @Question('notices/:noticeId', {
    action: 'read-notices',
    summary: 'One notice, as the authority sees it',
    params,
    query: PositionQuery,
    answer: 'Notice',
    tag: 'notices',
  })
  async notice(
    @Ask() exchange: Exchange,
    @Param('noticeId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    return noticeView(await this.getNotice(exchange, id, after));
  }

  @Question('inbox/notices', {
    action: 'read-notice-inbox',
    summary: "The energy body's inbox: notices that were sent, in the order of their coming",
    description:
      'A notice given out here counts as delivered. Keep `next` and ask with it as `cursor` for what came since; ' +
      'it is never null, and whoever goes on from it misses none.',
    query: PageQuery,
    answer: 'InboxPage',
    tag: 'inbox',
  })
  async inbox(@Ask() exchange: Exchange, @QueryOf(PageQuery) { after, cursor, limit = 50 }: PageQuery) {
    const { ask } = await this.questions.caughtUp(exchange, after);
    const from = cursor === undefined ? inboxStart : placeOf(cursor);
    const rows = await ask.notices.inbox(from, limit);
    return {
      items: await Promise.all(rows.map((row) => this.handOver(exchange, row))),
      next: cursorOf((rows.length > 0 ? inboxPlaceOf(rows.at(-1)!) : undefined) ?? from),
      more: rows.length === limit,
    };
  }

  @Question('inbox/notices/:noticeId', {
    action: 'read-notice-inbox',
    summary: 'One notice as an electronic document',
    params,
    query: PositionQuery,
    answer: 'InboxNotice',
    tag: 'inbox',
  })
  async inboxNotice(
    @Ask() exchange: Exchange,
    @Param('noticeId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    const row = await this.getNotice(exchange, id, after);
    if (row.inboxPosition === null) throw notFound('notice');
    return this.handOver(exchange, row);
  }

  @Command('filings/:filingId/notice', {
    action: 'issue-notice',
    summary: 'Issue the notice of a filing, correction or completion',
    description:
      'Notices are issued by themselves; this is for one that was not. One that is there already is answered.',
    params: { filingId: 'Id of the filing.' },
    body: NoticeIssueBody,
    answer: 'IssuedNoticeRef',
    tag: 'notices',
  })
  async issue(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @BodyOf(NoticeIssueBody) { document }: NoticeIssueBody,
  ) {
    const { file, filing } = await this.lookups.getFilingToRead(exchange.caller, idOf(id, 'filing'));
    const { caseId } = file;
    const versionId = document ?? filing.filingId;
    if (!filing.versions.some((version) => version.versionId === versionId))
      throw faultyField('/document', 'unknown', 'is no document of this filing');
    const { state } = await this.commands.run(exchange, IssueNotice, { caseId, versionId });
    if (state.situation === 'none') throw new Error('a notice was issued and is not there');
    const { noticeId, number } = state.issue;
    return { noticeId, number };
  }

  @Command('notices/:noticeId/delivery', {
    action: 'record-notice-delivery',
    summary: 'Record that a notice was brought by hand',
    description:
      'The last resort, when neither the inbox nor their system can be reached. Sent and delivered at that time.',
    params,
    body: DeliveryBody,
    answer: 'NoticeRef',
    tag: 'notices',
  })
  async recordDelivery(
    @Ask() exchange: Exchange,
    @Param('noticeId') id: string,
    @BodyOf(DeliveryBody) { means, deliveredAt }: DeliveryBody,
  ) {
    const noticeId = idOf(id, 'notice');
    const when = deliveredAt === undefined ? {} : { deliveredAt };
    await this.commands.run(exchange, RecordDeliveryByHand, { noticeId, means, ...when });
    return { noticeId };
  }

  @Command('notices/:noticeId/acknowledgement', {
    action: 'acknowledge-notice',
    summary: 'Acknowledge the receipt of a notice',
    description: 'Also of one that was refused: the refusal stays on record, the notice is no longer open.',
    params,
    body: AcknowledgementBody,
    answer: 'NoticeRef',
    tag: 'inbox',
  })
  async acknowledge(
    @Ask() exchange: Exchange,
    @Param('noticeId') id: string,
    @BodyOf(AcknowledgementBody) { theirNumber, theirDate }: AcknowledgementBody,
  ) {
    const noticeId = idOf(id, 'notice');
    await this.commands.run(exchange, AcknowledgeNotice, { noticeId, theirNumber, theirDate });
    return { noticeId };
  }

  @Command('notices/:noticeId/refusal', {
    action: 'refuse-notice',
    summary: 'Refuse a notice, with the reason',
    description: 'The officers of its case are alerted.',
    params,
    body: ReasonBody,
    answer: 'NoticeRef',
    tag: 'inbox',
  })
  async refuse(@Ask() exchange: Exchange, @Param('noticeId') id: string, @BodyOf(ReasonBody) { reason }: ReasonBody) {
    const noticeId = idOf(id, 'notice');
    await this.commands.run(exchange, RefuseNotice, { noticeId, reason });
    return { noticeId };
  }

  private async getNotice(exchange: Exchange, text: string, after: string | undefined): Promise<NoticeRow> {
    const { ask } = await this.questions.caughtUp(exchange, after);
    const row = await ask.notices.find(idOf(text, 'notice'));
    if (!row) throw notFound('notice');
    return row;
  }

  /** The very document that is pushed where a system takes it from us: two ways, one notice. */
  private async handOver(exchange: Exchange, row: NoticeRow) {
    const document = await findNoticeToDeliver(this.parts.house.writePath.store, row.noticeId);
    if (!document) throw new Error('a notice in the register was never issued');
    return inboxView(await this.deliver(exchange, row), document);
  }

  /** To be handed the document is to receive it; that is on record before it is handed over. */
  private async deliver(exchange: Exchange, row: NoticeRow): Promise<NoticeRow> {
    // Who only audits the inbox, or only looks whether it is there, receives nothing.
    if (exchange.caller.account.role !== 'energy-body' || exchange.isHead) return row;
    if (row.deliveredAt !== null || row.situation === 'historical') return row;
    const done = await onNotice(
      this.parts.house,
      row.noticeId,
      { type: 'RecordNoticeDelivery', channel: 'inbox' },
      this.commands.ownRequest(exchange, 'RecordNoticeDelivery', { noticeId: row.noticeId }),
    );
    if (isRejection(done)) return row;
    const fact = done.facts.find(({ type }) => type === 'NoticeDelivered');
    const { deliveredAt } = (fact?.data ?? {}) as { deliveredAt?: NoticeRow['deliveredAt'] };
    return deliveredAt
      ? {
          ...row,
          situation: row.situation === 'sent' || row.situation === 'failed' ? 'delivered' : row.situation,
          deliveredAt,
        }
      : row;
  }
}

const cursorOf = ([order, minor]: InboxPlace): string =>
  Buffer.from(`inbox/${order}${minor === 0 ? '' : `/${minor}`}`).toString('base64url');

function placeOf(cursor: string): InboxPlace {
  const match = /^inbox\/(\d{1,15})(?:\/(\d{1,15}))?$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
  if (!match) throw faultyField('/cursor', 'cursor-malformed', 'is not a cursor of this list');
  return [Number(match[1]), Number(match[2] ?? 0)];
}
