import { systemClock } from '#libs/kernel';
import type { OpenedHouse } from './house.js';

/** So far may our clock be from the database's. */
export const mostSkewMs = 1_000;

/** Milliseconds that our clock is ahead of the database's at least (negative: behind): an answer may be slow. */
export async function clockSkewMs({ pool }: Pick<OpenedHouse, 'pool'>): Promise<number> {
  const before = Date.now();
  const { rows } = await pool.query<{ at: string }>('select extract(epoch from clock_timestamp()) * 1000 as at');
  const after = Date.now();
  const skew = (before + after) / 2 - Number(rows[0]!.at);
  return Math.round(Math.sign(skew) * Math.max(0, Math.abs(skew) - (after - before) / 2));
}

/** When a filing was received, and whether a duty was missed, must not hang on a clock that is wrong. @throws Error */
export async function refuseWrongClock(opened: Pick<OpenedHouse, 'pool' | 'clock'>): Promise<void> {
  if (opened.clock !== systemClock) return;
  const skew = await clockSkewMs(opened);
  if (Math.abs(skew) > mostSkewMs) throw new Error(`our clock is ${skew} ms off`);
}
