/** What arrived so far, for tests that wait for it instead of sleeping. */
export class Arrivals<T> {
  readonly all: T[] = [];
  private readonly waiting: { readonly count: number; readonly resolve: (all: readonly T[]) => void }[] = [];

  add(one: T): void {
    this.all.push(one);
    for (const { count, resolve } of this.waiting) if (this.all.length >= count) resolve(this.all);
  }

  /** Resolves when `count` have come in all. */
  reach(count: number): Promise<readonly T[]> {
    if (this.all.length >= count) return Promise.resolve(this.all);
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }
}

/** Asks again until the answer is there; the test's own timeout ends the asking. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
