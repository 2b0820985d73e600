/** Runs `work` for all, at most `limit` at a time. Waits for all of them, then rejects with the first error if any. */
export async function forEachLimited<T>(
  all: Iterable<T>,
  limit: number,
  work: (one: T) => Promise<unknown>,
): Promise<void> {
  const rest = all[Symbol.iterator]();
  const errors: unknown[] = [];
  const lane = async () => {
    for (let next = rest.next(); !next.done; next = rest.next())
      try {
        await work(next.value);
      } catch (error) {
        errors.push(error);
      }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (errors.length > 0) throw errors[0];
}

/** Resolves after `ms`, or at once when `signal` is aborted. Keeps no process alive. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal?.addEventListener('abort', done);
  });
}

/** One at a time for each key, in the order of asking. */
export class KeyedLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  async hold<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.tails.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.tails.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.tails.get(key) === mine) this.tails.delete(key);
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
