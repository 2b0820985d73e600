import type { Measured } from './report.js';

/** A server of KurrentDB to measure on, and how its rows are called. */
export interface Kurrent {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

const real = process.env['KURRENTDB_TEST_URL'];

/**
 * The server that KURRENTDB_TEST_URL names. BENCH_KURRENTDB_DOUBLE=1 takes the double that the tests have instead, to
 * see that a benchmark runs: its figures say nothing about KurrentDB, so they come with small counts only.
 */
export async function findKurrent(quick: boolean): Promise<Kurrent | undefined> {
  if (real !== undefined && real !== '') return { name: 'KurrentDB', url: real, stop: async () => {} };
  if (process.env['BENCH_KURRENTDB_DOUBLE'] !== '1') return undefined;
  if (!quick) throw new Error('the double of KurrentDB is for --quick: its figures are nobody’s');
  const { startKurrentDouble } = await import('../../../libs/event-store/test-support/kurrentdb-double/index.js');
  const double = await startKurrentDouble({});
  return { name: 'a double of KurrentDB (no figure of its)', url: double.url, stop: () => double.stop() };
}

export const notPresent = (what: string): Measured => ({
  name: `${what} on KurrentDB`,
  note: 'not present: KURRENTDB_TEST_URL names none',
});

/** @returns what `work` measured, or that there was nothing to measure on */
export async function onKurrent(
  quick: boolean,
  what: string,
  work: (server: Kurrent) => Promise<readonly Measured[]>,
): Promise<readonly Measured[]> {
  const server = await findKurrent(quick);
  if (server === undefined) return [notPresent(what)];
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}
