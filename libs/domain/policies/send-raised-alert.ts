import type { AlertRaised } from '../case-work/index.js';
import { isImported, type Intention, type Policy } from './policy.js';

/** A raised alert goes out; before it does, the sender looks once more whether the duty is still unmet. */
export const sendRaisedAlert: Policy = {
  name: 'send-raised-alert',
  on: ['AlertRaised'],

  answer(fact): readonly Intention[] {
    if (isImported(fact)) return [];
    const { caseId, alertId } = fact.data as AlertRaised['data'];
    return [{ intention: 'send-alert', caseId, alertId }];
  },
};
