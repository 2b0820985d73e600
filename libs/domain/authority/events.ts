import type { Instant, NewFact, PlainDate, Quarter, Uuid } from '#libs/kernel';
import type { CalendarCorrection, ObligationKind } from '../deadline/index.js';

/** Which duties an order reaches. Without periods or regions: all of them. */
export interface ExtensionScope {
  readonly kind: ObligationKind;
  readonly periods?: readonly Quarter[];
  readonly regions?: readonly string[];
}

export interface TermExtension {
  readonly orderId: Uuid;
  readonly orderNo: string;
  readonly scope: ExtensionScope;
  /** The new last day; a later one of several orders wins, and no order shortens a term. */
  readonly dueOn: PlainDate;
  readonly reason: string;
}

/** As it is in force. `orderedOn`: what was received before that day was closed then and stays as it was judged. */
export type OrderedExtension = TermExtension & { readonly orderedOn: PlainDate };

export interface Outage {
  readonly outageId: Uuid;
  readonly from: Instant;
  readonly to: Instant;
  readonly reason: string;
}

export type TermExtended = NewFact<'TermExtended', OrderedExtension>;
export type OutageRecorded = NewFact<'OutageRecorded', Outage>;
export type CalendarCorrected = NewFact<
  'CalendarCorrected',
  { readonly calendarId: string; readonly correction: CalendarCorrection; readonly reason: string }
>;

export type AuthorityEvent = TermExtended | OutageRecorded | CalendarCorrected;
