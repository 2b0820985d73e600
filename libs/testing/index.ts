import {
  factIdOf,
  instant,
  isRejection,
  type Decider,
  type Event,
  type FactMeta,
  type Instant,
  type NewFact,
  type Rejection,
  type Uuid,
} from '#libs/kernel';

export const testActor: FactMeta['actor'] = { kind: 'person', id: 'account-1', role: 'case-officer' };
export const testCommandId = '11111111-1111-5111-8111-111111111111' as Uuid;

const testMeta: FactMeta = {
  commandId: testCommandId,
  requestHash: 'hash',
  correlationId: 'correlation',
  causationId: 'cause',
  actor: testActor,
  channel: 'api',
};

/** A new fact dressed as a stored one, for folding in a specification. */
export const recorded = <E extends NewFact>(fact: E, at: Instant = instant('2021-01-01T00:00:00Z'), n = 0): E & Event =>
  ({ ...fact, id: factIdOf(testCommandId, 'test', n), recordedAt: at, meta: testMeta }) as E & Event;

/** given facts, when a command, then facts or a rejection: a decider's specification reads as a story. */
export function specificationOf<State, Command, E extends NewFact, Context>(
  decider: Decider<State, Command, E, Context>,
) {
  const fold = (facts: readonly E[], from: State = decider.initial): State =>
    facts.reduce((state, fact, n) => decider.evolve(state, recorded(fact, undefined, n)), from);
  return {
    fold,
    given: (facts: readonly E[]) => ({
      when: (command: Command, context: Context) => {
        const outcome = decider.decide(fold(facts), command, context);
        return {
          outcome,
          /** The facts; fails the test when the command was rejected. */
          facts: (): readonly E[] => {
            if (isRejection(outcome)) throw new Error(`rejected: ${outcome.code} ${outcome.message}`);
            return outcome;
          },
          rejection: (): Rejection => {
            if (!isRejection(outcome)) throw new Error(`not rejected: ${outcome.map((fact) => fact.type).join(', ')}`);
            return outcome;
          },
        };
      },
    }),
  };
}

export class FixedClock {
  constructor(private at: Instant) {}
  now(): Instant {
    return this.at;
  }
  set(at: Instant): void {
    this.at = at;
  }
}
