import type { Instant, PlainDate, Uuid } from '#libs/kernel';
import type { NoticeIssue } from './events.js';

export type NoticeCommand =
  | { readonly type: 'IssueNotice'; readonly issue: NoticeIssue }
  /** It has left us: put into the inbox, or accepted by their system. */
  | { readonly type: 'RecordNoticeSent'; readonly channel: 'inbox' | 'push' }
  | { readonly type: 'RecordNoticeDelivery'; readonly channel: 'inbox' | 'push' }
  | { readonly type: 'RecordDeliveryByHand'; readonly deliveredAt: Instant; readonly means: string }
  | { readonly type: 'RecordNoticeFailure'; readonly channel: 'inbox' | 'push'; readonly reason: string }
  | { readonly type: 'AcknowledgeNotice'; readonly theirNumber: string; readonly theirDate: PlainDate }
  | { readonly type: 'RefuseNotice'; readonly reason: string }
  | { readonly type: 'SupersedeNotice'; readonly by: Uuid }
  | { readonly type: 'RecordNoticeBreach' };
