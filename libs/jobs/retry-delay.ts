/** No wait between two attempts is longer. */
export const maxRetryDelayMs = 600_000;

/**
 * Doubling from a second, with jitter of up to a half so that what failed together does not return together; at most ten
 * minutes. `attempt` is the number of attempts made, from 1.
 */
export function retryDelayMs(attempt: number, random: () => number = Math.random): number {
  const full = Math.min(maxRetryDelayMs, 1000 * 2 ** Math.min(attempt - 1, 20));
  return Math.round(full * (0.5 + random() / 2));
}
