import type { NewFact, PlainDate, Uuid } from '#libs/kernel';
import type { AuthorityStepName, OperatorStepName } from '../deadline/index.js';

/** What an alert is about: an operator's obligation, or a notice the authority owes. */
export interface AlertSubject {
  readonly kind: 'obligation' | 'notice';
  readonly id: Uuid;
}

/** `refused`: the energy body sent a notice back; a step of no ladder, raised when it happens. */
export type AlertStep = OperatorStepName | AuthorityStepName | 'refused';
export type AlertAudience = 'operator' | 'case-officer' | 'senior-officer';

export type AlertRaised = NewFact<
  'AlertRaised',
  {
    readonly caseId: Uuid;
    readonly alertId: Uuid;
    readonly subject: AlertSubject;
    readonly step: AlertStep;
    /** Lower steps that had gone by unsent (after downtime, or a duty learned of late): recorded, not sent. */
    readonly passed: readonly AlertStep[];
    readonly audience: readonly AlertAudience[];
    readonly dueOn: PlainDate;
    readonly raisedOn: PlainDate;
    /** Account of the officer who had the case then: the person an alert to officers is for. */
    readonly assignee?: string;
  }
>;
/** Steps that lie before the moment the duty was imported with its history: nothing is sent for them. */
export type AlertStepsPassed = NewFact<
  'AlertStepsPassed',
  {
    readonly caseId: Uuid;
    readonly subject: AlertSubject;
    readonly passed: readonly AlertStep[];
    /** The term they are steps of; without it they are taken for whatever term the duty has. */
    readonly dueOn?: PlainDate;
  }
>;
export type AlertSent = NewFact<
  'AlertSent',
  {
    readonly caseId: Uuid;
    readonly alertId: Uuid;
    /** `letter-list`: the operator has no contact on record, a registrar writes. */
    readonly channel: 'mail' | 'letter-list' | 'register';
    readonly audience: AlertAudience;
  }
>;
export type AlertFailed = NewFact<
  'AlertFailed',
  { readonly caseId: Uuid; readonly alertId: Uuid; readonly audience: AlertAudience; readonly reason: string }
>;
/** Between raising and sending the duty was kept, or got another due day, whose ladder then counts. */
export type AlertCancelled = NewFact<
  'AlertCancelled',
  { readonly caseId: Uuid; readonly alertId: Uuid; readonly because: 'cured' | 'deadline-revised' }
>;
/** What stood on the letter list was written and posted by a registrar. */
export type LetterPosted = NewFact<
  'LetterPosted',
  {
    readonly caseId: Uuid;
    readonly alertId: Uuid;
    readonly postedOn: PlainDate;
    /** The letter's number in the outgoing journal. */
    readonly number?: string;
  }
>;
export type CaseAssigned = NewFact<
  'CaseAssigned',
  { readonly caseId: Uuid; readonly assignee: string | null; readonly reason?: string }
>;
export type NoteAdded = NewFact<'NoteAdded', { readonly caseId: Uuid; readonly noteId: Uuid; readonly text: string }>;
/** Every look at a sealed value is on record. */
export type SecretShown = NewFact<
  'SecretShown',
  { readonly caseId: Uuid; readonly filingId: Uuid; readonly what: 'bank-details'; readonly reason: string }
>;

export type CaseWorkEvent =
  | AlertRaised
  | AlertStepsPassed
  | AlertSent
  | AlertFailed
  | AlertCancelled
  | LetterPosted
  | CaseAssigned
  | NoteAdded
  | SecretShown;
