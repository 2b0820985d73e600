import { findDecimal, sameDecimal, type Decimal, type FieldFault } from '#libs/kernel';
import type { FilingValues } from '../filing.js';

export const fault = (pointer: string, code: string, message: string): FieldFault => ({ pointer, code, message });

/** What no document may hold, complete or not (quality.md, bad input). */
export function valueFaults(values: FilingValues): FieldFault[] {
  const faults: FieldFault[] = [];
  const mw = (name: string, value: Decimal | undefined) => {
    if (value !== undefined && findDecimal(value, 3) === undefined) faults.push(mwFault(`/${name}`));
  };
  const tenge = (name: string, value: Decimal | undefined) => {
    if (value !== undefined && findDecimal(value, 0) === undefined)
      faults.push(fault(`/${name}`, 'not-whole-tenge', 'must be a whole number of tenge, not negative'));
  };
  if (values.kind !== 'termination') {
    mw('powerMw', values.powerMw);
    tenge('equipmentInvestmentKzt', values.equipmentInvestmentKzt);
  }
  if (values.kind === 'planned_construction') mw('expansionMw', values.expansionMw);
  if (values.kind === 'quarterly_reference') {
    tenge('investmentPotentialKzt', values.investmentPotentialKzt);
    const { jobs } = values;
    if (jobs !== undefined && !(Number.isSafeInteger(jobs) && jobs >= 0))
      faults.push(fault('/jobs', 'not-whole', 'must be a whole number, not negative'));
  }
  return faults;
}

export const mwFault = (pointer: string) =>
  fault(pointer, 'not-megawatts', 'must be a plain number of megawatts, not negative, up to three decimal places');

const decimalNames = new Set(['powerMw', 'expansionMw', 'equipmentInvestmentKzt', 'investmentPotentialKzt']);

/** Names of values that differ; numbers are compared as numbers. A sealed value cannot be compared and counts as changed. */
export function changedValues(before: FilingValues, after: FilingValues): string[] {
  const a = before as unknown as Record<string, unknown>;
  const b = after as unknown as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().filter((name) => {
    if (decimalNames.has(name)) return !sameDecimal(a[name] as Decimal | undefined, b[name] as Decimal | undefined);
    return a[name] !== b[name];
  });
}
