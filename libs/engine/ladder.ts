import type { Instant } from '#libs/kernel';
import type { LadderStep } from '#libs/domain';

export interface StepsToTake<Step extends LadderStep> {
  /** The highest step reached, when nobody has taken it and it is to be sent. */
  readonly raise: Step | undefined;
  /** Lower steps reached and not taken: recorded, never sent. */
  readonly pass: readonly Step[];
}

/**
 * What of a ladder is to be done now. After downtime several steps lie behind, and only the highest is sent; when it was
 * taken before, what is below it is only recorded. `isSilent` says which step is never sent.
 */
export function stepsToTake<Step extends LadderStep>(
  steps: readonly Step[],
  isTaken: (step: Step) => boolean,
  now: Instant,
  isSilent: (step: Step) => boolean = () => false,
): StepsToTake<Step> {
  const reached = steps.filter(({ at }) => at <= now);
  const open = reached.filter((step) => !isTaken(step));
  const highest = reached.at(-1);
  const sends = highest !== undefined && open.at(-1) === highest && !isSilent(highest);
  return sends ? { raise: highest, pass: open.slice(0, -1) } : { raise: undefined, pass: open };
}
