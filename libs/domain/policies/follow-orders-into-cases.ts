import type { AuthorityEvent } from '../authority/index.js';
import type { Fact } from '#libs/kernel';
import type { ObligationKind } from '../deadline/index.js';
import type { Intention, Policy } from './policy.js';

/**
 * An order of the authority, its own outage, a corrected calendar: each may move deadlines in any case, so the duties
 * of all it can reach are looked at again. Orders that came with an import count too: they hold for living cases.
 */
export const followOrdersIntoCases: Policy = {
  name: 'follow-orders-into-cases',
  on: ['TermExtended', 'OutageRecorded', 'CalendarCorrected'],

  answer: (fact): readonly Intention[] => [{ intention: 'follow-order', orderFactId: fact.id }],
};

/** Which kinds of duties the order can reach; undefined: all of them. */
export function kindsReachedBy(fact: Fact): readonly ObligationKind[] | undefined {
  const event = fact as Fact & AuthorityEvent;
  return event.type === 'TermExtended' ? [event.data.scope.kind] : undefined;
}
