import { never, reject, type Decider, type Uuid } from '#libs/kernel';
import type { CaseWorkCommand } from './commands.js';
import type { CaseWorkEvent } from './events.js';
import { alertIdOf } from './stream.js';
import { initialCaseWork, isStepTaken, stepKey, stepOfTerm, type Alert, type CaseWorkState } from './state.js';

export interface CaseWorkContext {
  readonly caseId: Uuid;
}

export const caseWorkDecider: Decider<CaseWorkState, CaseWorkCommand, CaseWorkEvent, CaseWorkContext> = {
  initial: initialCaseWork,

  decide(state, command, { caseId }) {
    switch (command.type) {
      case 'RaiseAlert': {
        const { type: _, subject, step, passed, ...rest } = command;
        const { dueOn } = rest;
        if (isStepTaken(state, subject, step, dueOn)) return [];
        const untaken = passed.filter((one) => !isStepTaken(state, subject, one, dueOn));
        const alertId = alertIdOf(subject.id, stepOfTerm(subject, step, dueOn));
        const forOfficers = rest.audience.some((one) => one !== 'operator');
        const assignee = forOfficers && state.assignee !== null ? { assignee: state.assignee } : {};
        return [
          { type: 'AlertRaised', data: { caseId, alertId, subject, step, passed: untaken, ...rest, ...assignee } },
        ];
      }
      case 'PassAlertSteps': {
        const { subject, dueOn } = command;
        const passed = command.passed.filter((one) => !isStepTaken(state, subject, one, dueOn));
        return passed.length === 0 ? [] : [{ type: 'AlertStepsPassed', data: { caseId, subject, passed, dueOn } }];
      }
      case 'RecordAlertSent': {
        const { alertId, channel, audience } = command;
        const alert = state.alerts.get(alertId);
        if (!alert) return alertUnknown;
        if (alert.sentTo.includes(audience)) return [];
        return [{ type: 'AlertSent', data: { caseId, alertId, channel, audience } }];
      }
      case 'RecordAlertFailure': {
        const { alertId, audience, reason } = command;
        const alert = state.alerts.get(alertId);
        if (!alert) return alertUnknown;
        if (alert.sentTo.includes(audience)) return [];
        return [{ type: 'AlertFailed', data: { caseId, alertId, audience, reason } }];
      }
      case 'CancelAlert': {
        const { alertId, because } = command;
        const alert = state.alerts.get(alertId);
        if (!alert) return alertUnknown;
        if (alert.cancelled) return [];
        return [{ type: 'AlertCancelled', data: { caseId, alertId, because } }];
      }
      case 'RecordLetter': {
        const { alertId, postedOn, number, enteredOn } = command;
        const alert = state.alerts.get(alertId);
        if (!alert) return alertUnknown;
        if (alert.letter === 'posted')
          return reject('conflict', 'letter-recorded', 'the letter of this alert is on record already');
        if (alert.letter === 'none')
          return reject('conflict', 'no-letter-asked', 'this alert is not on the letter list');
        if (postedOn > enteredOn)
          return reject('refused', 'posted-in-future', 'a letter cannot have been posted in the future', [
            { pointer: '/postedOn', code: 'in-future', message: 'lies in the future' },
          ]);
        if (postedOn < alert.raisedOn)
          return reject('refused', 'posted-before-alert', 'the letter would be older than the alert it is about', [
            {
              pointer: '/postedOn',
              code: 'before-alert',
              message: `lies before ${alert.raisedOn}, when it was raised`,
            },
          ]);
        return [{ type: 'LetterPosted', data: { caseId, alertId, postedOn, ...(number ? { number } : {}) } }];
      }
      case 'AssignCase': {
        const { assignee, reason, isOfficer = true } = command;
        if (assignee === state.assignee) return [];
        if (!isOfficer) return officerUnknown;
        return [{ type: 'CaseAssigned', data: { caseId, assignee, ...(reason ? { reason } : {}) } }];
      }
      case 'AddNote':
        return [{ type: 'NoteAdded', data: { caseId, noteId: command.noteId, text: command.text } }];
      case 'RecordSecretShown': {
        const { filingId, what, reason } = command;
        return [{ type: 'SecretShown', data: { caseId, filingId, what, reason } }];
      }
      default:
        return never(command);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'AlertRaised': {
        const { alertId, subject, step, passed, audience, dueOn, raisedOn } = event.data;
        const alert: Alert = {
          alertId,
          subject,
          step,
          dueOn,
          audience,
          sentTo: [],
          cancelled: false,
          raisedOn,
          letter: 'none',
        };
        const taken = new Set(state.taken);
        for (const one of [step, ...passed]) taken.add(stepKey(subject, one, dueOn));
        return { ...state, taken, alerts: new Map(state.alerts).set(alertId, alert) };
      }
      case 'AlertStepsPassed': {
        const taken = new Set(state.taken);
        const { subject, passed, dueOn } = event.data;
        for (const one of passed) taken.add(stepKey(subject, one, dueOn));
        return { ...state, taken };
      }
      case 'AlertSent':
        return changeAlert(state, event.data.alertId, (alert) => ({
          ...alert,
          sentTo: [...alert.sentTo, event.data.audience],
          letter: event.data.channel === 'letter-list' ? 'awaited' : alert.letter,
        }));
      case 'LetterPosted':
        return changeAlert(state, event.data.alertId, (alert) => ({ ...alert, letter: 'posted' }));
      case 'AlertCancelled':
        return changeAlert(state, event.data.alertId, (alert) => ({ ...alert, cancelled: true }));
      case 'CaseAssigned':
        return { ...state, assignee: event.data.assignee };
      case 'AlertFailed':
      case 'NoteAdded':
      case 'SecretShown':
        return state;
      default:
        return never(event);
    }
  },
};

const officerUnknown = reject('refused', 'officer-unknown', 'there is no such officer, or all its keys were revoked', [
  { pointer: '/assignee', code: 'unknown', message: 'is the account of no officer' },
]);

const alertUnknown = reject('not-found', 'alert-unknown', 'there is no such alert');

function changeAlert(state: CaseWorkState, alertId: Uuid, change: (alert: Alert) => Alert): CaseWorkState {
  const alert = state.alerts.get(alertId);
  if (!alert) throw new Error('a change of an alert that was never raised');
  return { ...state, alerts: new Map(state.alerts).set(alertId, change(alert)) };
}
