import type { CalendarCorrection } from '../deadline/index.js';
import type { Outage, OrderedExtension } from './events.js';

export interface AuthorityState {
  readonly extensions: readonly OrderedExtension[];
  readonly outages: readonly Outage[];
  readonly calendarCorrections: readonly { readonly calendarId: string; readonly correction: CalendarCorrection }[];
}

export const initialAuthority: AuthorityState = { extensions: [], outages: [], calendarCorrections: [] };
