import type { ReadModelName } from './engine/projection.js';
import type { DomainFactType } from './facts.js';

type Feeds = { readonly [Type in DomainFactType]: readonly ReadModelName[] };

/** Which fact feeds which read model. A fact that feeds nothing says so with an empty list. */
export const feeds: Feeds = {
  CaseOpened: ['cases', 'filings', 'obligations', 'alerts', 'operators', 'timeline'],
  PlannedConstructionFiled: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  QuarterlyReferenceFiled: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  TerminationFiled: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  DataCenterCommissioned: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  CommissioningWithdrawn: ['cases', 'timeline'],
  FilingCorrected: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  FilingWithdrawn: ['cases', 'filings', 'timeline'],
  FilingAnnulmentProposed: ['filings', 'timeline'],
  FilingAnnulled: ['cases', 'filings', 'timeline'],
  FilingMarkedIncomplete: ['filings', 'timeline'],
  CompletionRequested: ['filings', 'timeline'],
  FilingCompleted: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  DocumentAttached: ['filings', 'timeline'],
  ObligationOpened: ['cases', 'obligations', 'timeline'],
  ObligationMet: ['cases', 'obligations', 'timeline'],
  ObligationMissed: ['cases', 'obligations', 'timeline'],
  MissRescinded: ['cases', 'obligations', 'timeline'],
  ObligationReopened: ['cases', 'obligations', 'timeline'],
  DeadlineRevised: ['cases', 'obligations', 'timeline'],
  ObligationVoided: ['cases', 'obligations', 'timeline'],
  ObligationExcused: ['cases', 'obligations', 'timeline'],
  CaseTransferred: ['cases', 'filings', 'obligations', 'alerts', 'operators', 'timeline'],
  CaseLocationChanged: ['cases', 'filings', 'obligations', 'alerts', 'timeline'],
  CaseMerged: ['cases', 'filings', 'operators', 'timeline'],
  CaseAbsorbed: ['cases', 'filings', 'timeline'],
  CaseClosed: ['cases', 'timeline'],
  CaseReopened: ['cases', 'timeline'],

  AlertRaised: ['alerts', 'obligations', 'notices', 'timeline'],
  AlertStepsPassed: ['obligations', 'notices', 'timeline'],
  AlertSent: ['alerts', 'timeline'],
  AlertFailed: ['alerts', 'timeline'],
  AlertCancelled: ['alerts', 'timeline'],
  LetterPosted: ['alerts', 'timeline'],
  CaseAssigned: ['cases', 'timeline'],
  NoteAdded: ['timeline'],
  SecretShown: ['timeline'],

  NoticeIssued: ['notices', 'timeline'],
  NoticeQueued: ['notices', 'timeline'],
  NoticeSent: ['notices', 'timeline'],
  NoticeDelivered: ['notices', 'timeline'],
  NoticeDeliveryFailed: ['notices', 'timeline'],
  NoticeAcknowledged: ['notices', 'timeline'],
  NoticeRefused: ['notices', 'timeline'],
  NoticeSuperseded: ['notices', 'timeline'],
  NoticeTermBreached: ['notices', 'timeline'],
  NoticeBreachRescinded: ['notices', 'timeline'],

  OperatorRegistered: ['operators'],
  OperatorChanged: ['operators'],

  // Orders reach a case as revised deadlines, which the deadline engine records there.
  TermExtended: [],
  OutageRecorded: [],
  CalendarCorrected: [],
};

/** The types that feed one read model. */
export const feedsOf = (readModel: ReadModelName): ReadonlySet<DomainFactType> =>
  new Set((Object.keys(feeds) as DomainFactType[]).filter((type) => feeds[type].includes(readModel)));
