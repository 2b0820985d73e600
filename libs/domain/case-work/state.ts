import type { Uuid } from '#libs/kernel';
import type { AlertAudience, AlertStep, AlertSubject } from './events.js';

export interface Alert {
  readonly alertId: Uuid;
  readonly subject: AlertSubject;
  readonly step: AlertStep;
  readonly audience: readonly AlertAudience[];
  readonly sentTo: readonly AlertAudience[];
  readonly cancelled: boolean;
}

export interface CaseWorkState {
  readonly assignee: string | null;
  readonly alerts: ReadonlyMap<Uuid, Alert>;
  /** `subjectId/step` of every step that was raised or recorded as passed: none of them is taken twice. */
  readonly taken: ReadonlySet<string>;
}

export const initialCaseWork: CaseWorkState = { assignee: null, alerts: new Map(), taken: new Set() };

export const stepKey = (subject: AlertSubject, step: AlertStep) => `${subject.id}/${step}`;
