import { addDays, plainDate, type PlainDate } from './plain-date.js';

/** A calendar quarter, `YYYY-Qn`; text order is time order. */
export type Quarter = string & { readonly __quarter: true };

export function findQuarter(text: string): Quarter | undefined {
  return /^(19|20|21)\d\d-Q[1-4]$/.test(text) ? (text as Quarter) : undefined;
}

/** @throws RangeError when `text` is not `YYYY-Qn`. */
export function quarter(text: string): Quarter {
  const found = findQuarter(text);
  if (found === undefined) throw new RangeError(`not a quarter: ${JSON.stringify(text)}`);
  return found;
}

export const quarterOf = (day: PlainDate): Quarter =>
  `${day.slice(0, 4)}-Q${Math.floor((Number(day.slice(5, 7)) + 2) / 3)}` as Quarter;

export function nextQuarter(q: Quarter): Quarter {
  const year = Number(q.slice(0, 4));
  const n = Number(q.slice(6));
  return (n === 4 ? `${year + 1}-Q1` : `${year}-Q${n + 1}`) as Quarter;
}

export const firstDayOf = (q: Quarter): PlainDate =>
  plainDate(`${q.slice(0, 4)}-${String(Number(q.slice(6)) * 3 - 2).padStart(2, '0')}-01`);
export const lastDayOf = (q: Quarter): PlainDate => addDays(firstDayOf(nextQuarter(q)), -1);
