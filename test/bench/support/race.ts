/** What one side did in one round. */
export interface Round {
  readonly count: number;
  readonly errors: number;
  readonly tookMs: number;
  readonly latencies: readonly number[];
}

/**
 * `writers` loops, each doing its next step when the one before is answered, until the time is over. A step says whether
 * it did what it should; undefined when there is nothing left to do.
 */
export async function race(
  writers: number,
  ms: number,
  step: (writer: number, n: number) => Promise<boolean | undefined>,
): Promise<Round> {
  const latencies: number[] = [];
  let errors = 0;
  const began = performance.now();
  const until = began + ms;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; ; n++) {
        const at = performance.now();
        if (at >= until) return;
        const right = await step(writer, n);
        if (right === undefined) return;
        latencies.push(performance.now() - at);
        if (!right) errors++;
      }
    }),
  );
  return { count: latencies.length - errors, errors, tookMs: performance.now() - began, latencies };
}
