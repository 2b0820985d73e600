import type { Decimal, Instant, NewFact, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { Deadline } from '../deadline/index.js';
import type { FilingKind, Location } from '../filing.js';

/** Exactly the three of rule 6. null prints "not stated": what was never declared is not nought. */
export interface NoticeContents {
  readonly location: Location;
  readonly powerMw: Decimal | null;
  readonly expansionMw: Decimal | null;
}

export type NoticeTrigger = FilingKind | 'correction';

export interface NoticeIssue {
  readonly noticeId: Uuid;
  readonly number: string;
  readonly caseId: Uuid;
  readonly centreId: Uuid;
  readonly filingId: Uuid;
  readonly versionId: Uuid;
  readonly trigger: NoticeTrigger;
  readonly legalBasis: string;
  readonly stage: 'planned' | 'existing' | 'terminated';
  readonly period?: Quarter;
  readonly receivedAt: Instant;
  readonly receivedOn: PlainDate;
  readonly deadline: Deadline;
  readonly contents: NoticeContents;
  readonly supersedes?: Uuid;
  /** Made while history was imported: listed, never sent. */
  readonly historical: boolean;
}

/** `by-hand`: an officer brought it in some other way, as a last resort, and put that on record. */
export type NoticeChannel = 'inbox' | 'push' | 'by-hand';

export type NoticeIssued = NewFact<'NoticeIssued', NoticeIssue & { readonly issuedOn: PlainDate }>;
export type NoticeQueued = NewFact<'NoticeQueued', { readonly noticeId: Uuid }>;
/** A second one, by hand, is of an earlier time than the first. */
export type NoticeSent = NewFact<
  'NoticeSent',
  { readonly noticeId: Uuid; readonly channel: NoticeChannel; readonly sentAt: Instant; readonly inTime: boolean }
>;
export type NoticeDelivered = NewFact<
  'NoticeDelivered',
  {
    readonly noticeId: Uuid;
    readonly channel: NoticeChannel;
    readonly deliveredAt: Instant;
    /** By hand: how it was brought, in the officer's words. */
    readonly means?: string;
  }
>;
export type NoticeDeliveryFailed = NewFact<
  'NoticeDeliveryFailed',
  { readonly noticeId: Uuid; readonly channel: NoticeChannel; readonly attempt: number; readonly reason: string }
>;
export type NoticeAcknowledged = NewFact<
  'NoticeAcknowledged',
  { readonly noticeId: Uuid; readonly theirNumber: string; readonly theirDate: PlainDate }
>;
export type NoticeRefused = NewFact<'NoticeRefused', { readonly noticeId: Uuid; readonly reason: string }>;
export type NoticeSuperseded = NewFact<'NoticeSuperseded', { readonly noticeId: Uuid; readonly by: Uuid }>;
/** The authority's own five days passed without the notice being sent; found by the sweep, or when it is sent after all. */
export type NoticeTermBreached = NewFact<
  'NoticeTermBreached',
  { readonly noticeId: Uuid; readonly dueOn: PlainDate; readonly detectedOn: PlainDate }
>;
/** It had been sent in time after all, by hand: what was recorded as a breach was none. */
export type NoticeBreachRescinded = NewFact<
  'NoticeBreachRescinded',
  { readonly noticeId: Uuid; readonly because: 'sent-in-time' }
>;

export type NoticeEvent =
  | NoticeIssued
  | NoticeQueued
  | NoticeSent
  | NoticeDelivered
  | NoticeDeliveryFailed
  | NoticeAcknowledged
  | NoticeRefused
  | NoticeSuperseded
  | NoticeTermBreached
  | NoticeBreachRescinded;
