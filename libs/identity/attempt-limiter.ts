/** Too many wrong keys from one place; `retryAfterSeconds` until another may be tried. */
export class TooManyAttemptsError extends Error {
  override readonly name = 'TooManyAttemptsError';
  constructor(readonly retryAfterSeconds: number) {
    super(`too many wrong keys; try again in ${retryAfterSeconds} s`);
  }
}

export interface AttemptLimits {
  /** How many wrong keys a place may present at once. Default 10. */
  readonly burst?: number;
  /** One more is forgiven every so many seconds. Default 6. */
  readonly forgiveSeconds?: number;
}

const maxPlaces = 10_000;

/** A leaky bucket per place, in this process only. `now` gives milliseconds that only rise. */
export function createAttemptLimiter(limits: AttemptLimits = {}, now: () => number = () => performance.now()) {
  const { burst = 10, forgiveSeconds = 6 } = limits;
  const places = new Map<string, { level: number; at: number }>();
  const levelOf = (place: string): number => {
    const bucket = places.get(place);
    return bucket === undefined ? 0 : Math.max(0, bucket.level - (now() - bucket.at) / (forgiveSeconds * 1_000));
  };
  return {
    /** @throws TooManyAttemptsError when the place has to wait. */
    check(place: string): void {
      const over = levelOf(place) + 1 - burst;
      if (over > 0) throw new TooManyAttemptsError(Math.max(1, Math.ceil(over * forgiveSeconds)));
    },
    failed(place: string): void {
      const level = levelOf(place) + 1;
      // Taken out and put back, so that the first in the map is the one not heard of for longest.
      places.delete(place);
      if (places.size >= maxPlaces) places.delete(places.keys().next().value!);
      places.set(place, { level, at: now() });
    },
  };
}
