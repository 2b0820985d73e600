import type { PlainDate, Uuid } from '#libs/kernel';
import type { NoticeChannel, NoticeIssue } from './events.js';

export type NoticeCommand =
  | { readonly type: 'IssueNotice'; readonly issue: NoticeIssue }
  /** It has left us: put into the inbox, or accepted by their system. */
  | { readonly type: 'RecordNoticeSent'; readonly channel: NoticeChannel }
  | { readonly type: 'RecordNoticeDelivery'; readonly channel: NoticeChannel }
  | { readonly type: 'RecordNoticeFailure'; readonly channel: NoticeChannel; readonly reason: string }
  | { readonly type: 'AcknowledgeNotice'; readonly theirNumber: string; readonly theirDate: PlainDate }
  | { readonly type: 'RefuseNotice'; readonly reason: string }
  | { readonly type: 'SupersedeNotice'; readonly by: Uuid }
  | { readonly type: 'RecordNoticeBreach' };
