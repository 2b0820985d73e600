import type { Instant, Uuid } from '#libs/kernel';
import type { NoticeChannel, NoticeIssue } from './events.js';

interface Issued {
  readonly issue: NoticeIssue;
  readonly attempts: number;
  readonly sent?: { readonly at: Instant; readonly channel: NoticeChannel; readonly inTime: boolean };
  readonly supersededBy?: Uuid;
  readonly breached: boolean;
}

/** `sent` performs the duty; it stays open until acknowledged. A failed one is tried again, past the deadline too. */
export type NoticeState =
  | { readonly situation: 'none' }
  | (Issued & { readonly situation: 'issued' | 'queued' | 'failed' | 'sent' | 'delivered' })
  | (Issued & { readonly situation: 'acknowledged'; readonly theirNumber: string })
  | (Issued & { readonly situation: 'refused'; readonly reason: string })
  | (Issued & { readonly situation: 'historical' });

export const initialNotice: NoticeState = { situation: 'none' };

export const isSent = (state: NoticeState): boolean => state.situation !== 'none' && state.sent !== undefined;
