/** One measured thing. Times in milliseconds, rates per second. */
export interface Measured {
  readonly name: string;
  readonly rate?: number;
  readonly unit?: string;
  readonly p50?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly errors?: number;
  /** Anything else worth a column of words. */
  readonly note?: string;
}

export interface Goal {
  readonly what: string;
  readonly value: number;
  readonly goal: string;
  readonly reached: boolean;
}

export interface BenchResult {
  readonly measured: readonly Measured[];
  readonly goals: readonly Goal[];
  readonly notes: readonly string[];
}

export interface BenchOptions {
  /** Small counts: whether it runs, not how fast it is. */
  readonly quick: boolean;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export type Bench = (options: BenchOptions) => Promise<BenchResult>;

/** @param least true when more is better. */
export function goalOf(what: string, value: number, limit: number, unit: string, least = true): Goal {
  return {
    what,
    value: rounded(value),
    goal: `${least ? '≥' : '≤'} ${limit}${unit}`,
    reached: least ? value >= limit : value <= limit,
  };
}

export const median = (values: readonly number[]): number => percentile([...values], 50);

/** Nearest rank; sorts the array it is given. NaN when it is empty. */
export function percentile(values: number[] | Float64Array, percent: number): number {
  if (values.length === 0) return Number.NaN;
  values.sort((a, b) => a - b);
  return values[Math.min(values.length - 1, Math.ceil((values.length * percent) / 100) - 1)]!;
}

export const spread = (values: number[]): Pick<Measured, 'p50' | 'p95' | 'p99'> => ({
  p50: rounded(percentile(values, 50)),
  p95: rounded(percentile(values, 95)),
  p99: rounded(percentile(values, 99)),
});

/** Three digits that count are more than a shared machine deserves. */
export const rounded = (value: number): number => (Number.isFinite(value) ? Number(value.toPrecision(3)) : value);

const cell = (value: number | undefined): string => (value === undefined ? '' : value.toLocaleString('en-US'));

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((text, n) => (n === 0 || n === row.length - 1 ? text.padEnd(widths[n]!) : text.padStart(widths[n]!)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)].join('\n');
}

export function printed({ measured, goals, notes }: BenchResult): string {
  const rows = measured.map(({ name, rate, unit = '/s', p50, p95, p99, errors, note = '' }) => [
    name,
    rate === undefined ? '' : `${cell(rate)} ${unit}`,
    cell(p50),
    cell(p95),
    cell(p99),
    cell(errors),
    note,
  ]);
  const judged = goals.map(({ what, value, goal, reached }) => [
    what,
    cell(value),
    goal,
    reached ? 'reached' : 'MISSED',
  ]);
  return [
    table(['measured', 'rate', 'p50 ms', 'p95 ms', 'p99 ms', 'errors', ''], rows),
    '',
    table(['goal', 'value', 'wanted', ''], judged),
    ...notes.map((note) => `- ${note}`),
  ].join('\n');
}
