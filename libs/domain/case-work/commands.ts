import type { PlainDate, Uuid } from '#libs/kernel';
import type { AlertAudience, AlertStep, AlertSubject } from './events.js';

export type CaseWorkCommand =
  | {
      readonly type: 'RaiseAlert';
      readonly subject: AlertSubject;
      readonly step: AlertStep;
      readonly passed: readonly AlertStep[];
      readonly audience: readonly AlertAudience[];
      readonly dueOn: PlainDate;
      readonly raisedOn: PlainDate;
    }
  | {
      readonly type: 'PassAlertSteps';
      readonly subject: AlertSubject;
      readonly passed: readonly AlertStep[];
      readonly dueOn: PlainDate;
    }
  | {
      readonly type: 'RecordAlertSent';
      readonly alertId: Uuid;
      readonly channel: 'mail' | 'letter-list' | 'register';
      readonly audience: AlertAudience;
    }
  | {
      readonly type: 'RecordAlertFailure';
      readonly alertId: Uuid;
      readonly audience: AlertAudience;
      readonly reason: string;
    }
  | {
      readonly type: 'CancelAlert';
      readonly alertId: Uuid;
      readonly because: 'cured' | 'deadline-revised';
    }
  | {
      readonly type: 'RecordLetter';
      readonly alertId: Uuid;
      readonly postedOn: PlainDate;
      readonly number?: string;
      /** The regulator's day on which it is entered. */
      readonly enteredOn: PlainDate;
    }
  | {
      readonly type: 'AssignCase';
      readonly assignee: string | null;
      readonly reason?: string;
      /** false: cases cannot be given to that account now. */
      readonly isOfficer?: boolean;
    }
  | { readonly type: 'AddNote'; readonly noteId: Uuid; readonly text: string }
  | {
      readonly type: 'RecordSecretShown';
      readonly filingId: Uuid;
      readonly what: 'bank-details';
      readonly reason: string;
    };
