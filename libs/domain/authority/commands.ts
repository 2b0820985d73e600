import type { PlainDate } from '#libs/kernel';
import type { CalendarCorrection } from '../deadline/index.js';
import type { Outage, TermExtension } from './events.js';

export type AuthorityCommand =
  | { readonly type: 'ExtendTerm'; readonly extension: TermExtension; readonly orderedOn?: PlainDate }
  | { readonly type: 'RecordOutage'; readonly outage: Outage }
  | {
      readonly type: 'CorrectCalendar';
      readonly calendarId: string;
      readonly correction: CalendarCorrection;
      readonly reason: string;
    };
