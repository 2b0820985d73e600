import { causeOf, isRejection, never, tracedBy, type Fact } from '#libs/kernel';
import { caseWorkDecider, caseWorkStream, isSent, noticeDecider, noticeStream } from '#libs/domain';
import type { CaseWorkCommand, Intention } from '#libs/domain';
import { issueNotice, onCaseWork, systemRequest, type House } from '#libs/application';
import type { EngineStore } from './ports.js';
import type { Owed } from './queue-owed.js';
import { alertOfRefusal } from './sweep-notice.js';

/** The house said no to what a policy wants: nothing will change that by itself, so it is parked where people see it. */
export class IntentionRefusedError extends Error {
  override readonly name = 'IntentionRefusedError';
}

/** `traceparent` is that of the policy's run; see `Observe`. */
export type Perform = (intention: Intention, fact: Fact, traceparent?: string) => Promise<Owed | undefined>;

/**
 * Does what a policy asks for. Its command's key names cause and purpose, so doing it again is the same command.
 * Answers what the outside world is owed of it, to be queued.
 */
export function intentionPerformer(house: House, engineStore: EngineStore): Perform {
  return async (intention, fact, traceparent) => {
    const now = house.clock.now();
    switch (intention.intention) {
      case 'issue-notice': {
        const { caseId, versionId } = intention;
        const cause = tracedBy(causeOf(fact), traceparent);
        const request = systemRequest(`issue-notice/${caseId}/${versionId}`, now, 'policy', cause);
        orRefused(await issueNotice(house, { caseId, versionId }, request));
        return undefined;
      }
      case 'queue-notice': {
        const { noticeId } = intention;
        const { state } = await house.writePath.load(noticeStream(noticeId), noticeDecider);
        return isSent(state) ? undefined : { owed: 'notice', noticeId };
      }
      case 'send-alert': {
        const { caseId, alertId } = intention;
        const { state } = await house.writePath.load(caseWorkStream(caseId), caseWorkDecider);
        const alert = state.alerts.get(alertId);
        if (alert && (alert.cancelled || alert.audience.every((one) => alert.sentTo.includes(one)))) return undefined;
        return { owed: 'alert', caseId, alertId };
      }
      case 'alert-refusal': {
        const { noticeId } = intention;
        // The refusal was taken by whatever process the energy body spoke to.
        const { state } = await house.writePath.fresh(noticeStream(noticeId), noticeDecider);
        if (state.situation !== 'refused') return undefined;
        const { caseId } = state.issue;
        const command: CaseWorkCommand = { type: 'RaiseAlert', passed: [], ...alertOfRefusal(state.issue, now) };
        const request = systemRequest(`alert-refusal/${noticeId}`, now, 'policy', tracedBy(causeOf(fact), traceparent));
        orRefused(await onCaseWork(house, caseId, command, request));
        return undefined;
      }
      case 'follow-order': {
        const { orderFactId } = intention;
        return (await engineStore.beginOrder(orderFactId)) ? { owed: 'order', orderFactId } : undefined;
      }
      default:
        return never(intention);
    }
  };
}

function orRefused<T>(outcome: T): Exclude<T, { readonly rejected: true }> {
  if (isRejection(outcome)) throw new IntentionRefusedError(`${outcome.code}: ${outcome.message}`);
  return outcome as Exclude<T, { readonly rejected: true }>;
}
