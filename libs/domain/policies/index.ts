import type { Fact } from '#libs/kernel';
import { alertOfficersOfRefusal } from './alert-officers-of-refusal.js';
import { followOrdersIntoCases } from './follow-orders-into-cases.js';
import { informEnergyBodyOfFiling } from './inform-energy-body-of-filing.js';
import type { Intention, Policy } from './policy.js';
import { queueIssuedNotice } from './queue-issued-notice.js';
import { sendRaisedAlert } from './send-raised-alert.js';

export { kindsReachedBy } from './follow-orders-into-cases.js';
export type { Intention, Policy } from './policy.js';

/** Every policy there is. */
export const policies: readonly Policy[] = [
  informEnergyBodyOfFiling,
  queueIssuedNotice,
  sendRaisedAlert,
  alertOfficersOfRefusal,
  followOrdersIntoCases,
];

const byType = new Map<string, Policy[]>();
for (const policy of policies) for (const type of policy.on) byType.set(type, [...(byType.get(type) ?? []), policy]);

const none: readonly Policy[] = [];

/** What the fact asks for, by the policy that says so. Most facts ask for nothing. */
export function intentionsOf(fact: Fact): { readonly policy: string; readonly intention: Intention }[] {
  return (byType.get(fact.type) ?? none).flatMap((policy) =>
    policy.answer(fact).map((intention) => ({ policy: policy.name, intention })),
  );
}
