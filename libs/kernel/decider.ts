import type { Event, NewFact } from './fact.js';
import type { Rejection } from './rejection.js';

/**
 * The pure heart of an aggregate. `decide` is given all it may know (time, ids, rule set, calendar arrive in the
 * command's context); it draws nothing and reads no clock. No facts means: nothing to do, and that is no error.
 */
export interface Decider<State, Command, E extends NewFact, Context> {
  readonly initial: State;
  decide(state: State, command: Command, context: Context): readonly E[] | Rejection;
  evolve(state: State, event: E & Event): State;
}

/** For the end of an exhaustive switch. */
export function never(value: never): never {
  throw new Error(`not a known case: ${JSON.stringify(value)}`);
}
