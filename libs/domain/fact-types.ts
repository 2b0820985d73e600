import type { AuthorityEvent } from './authority/index.js';
import type { CaseEvent } from './case/index.js';
import type { CaseWorkEvent } from './case-work/index.js';
import type { NoticeEvent } from './notice/index.js';
import type { OperatorEvent } from './operator/index.js';

/** Every fact a decider gives. */
export type DomainEvent = CaseEvent | CaseWorkEvent | NoticeEvent | OperatorEvent | AuthorityEvent;
/** Claims hold a name for one command and are never folded. */
export type ClaimType = 'JournalNoClaimed' | 'CaseRefClaimed';
export type FactType = DomainEvent['type'] | ClaimType;

/** A type that is missing here does not compile, one without a frozen sample fails the test of those. */
const inUse: Readonly<Record<FactType, true>> = {
  CaseOpened: true,
  PlannedConstructionFiled: true,
  QuarterlyReferenceFiled: true,
  TerminationFiled: true,
  DataCenterCommissioned: true,
  CommissioningWithdrawn: true,
  FilingCorrected: true,
  FilingWithdrawn: true,
  FilingAnnulmentProposed: true,
  FilingAnnulled: true,
  FilingMarkedIncomplete: true,
  CompletionRequested: true,
  FilingCompleted: true,
  DocumentAttached: true,
  ObligationOpened: true,
  ObligationMet: true,
  ObligationMissed: true,
  MissRescinded: true,
  ObligationReopened: true,
  DeadlineRevised: true,
  ObligationVoided: true,
  ObligationExcused: true,
  CaseTransferred: true,
  CaseLocationChanged: true,
  CaseMerged: true,
  CaseAbsorbed: true,
  CaseClosed: true,
  CaseReopened: true,
  AlertRaised: true,
  AlertStepsPassed: true,
  AlertSent: true,
  AlertFailed: true,
  AlertCancelled: true,
  LetterPosted: true,
  CaseAssigned: true,
  NoteAdded: true,
  SecretShown: true,
  NoticeIssued: true,
  NoticeQueued: true,
  NoticeSent: true,
  NoticeDelivered: true,
  NoticeDeliveryFailed: true,
  NoticeAcknowledged: true,
  NoticeRefused: true,
  NoticeSuperseded: true,
  NoticeTermBreached: true,
  NoticeBreachRescinded: true,
  OperatorRegistered: true,
  OperatorChanged: true,
  TermExtended: true,
  OutageRecorded: true,
  CalendarCorrected: true,
  JournalNoClaimed: true,
  CaseRefClaimed: true,
};

/** What this release can fold. Anything else in the log was written by a newer one. */
export const factTypes: ReadonlySet<string> = new Set(Object.keys(inUse));

/** Types no decider gives any more, and upcasters turn into others; their samples stay for ever. */
export const retiredFactTypes: readonly string[] = [];

/**
 * How many types were ever stored, up to this release. A type gets a successor and is never forgotten, so of two releases
 * that know different types the newer one's number is higher.
 */
export const vocabulary: number = factTypes.size + retiredFactTypes.length;
