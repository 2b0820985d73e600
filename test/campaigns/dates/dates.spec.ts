import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runDates } from './dates.js';
import { dayAfter, dayBefore, midnightInAlmaty, weekday } from './naive.js';

describe('the second, naive implementation of the deadlines', () => {
  it('agrees with the first on generated dates', async () => {
    const result = await runDates({ count: 3000, seed: 384 });
    expect(result.findings).toEqual([]);
    expect(Object.keys(result.duties).sort()).toEqual(['notice', 'planned', 'quarterly', 'termination']);
    for (const number of [result.rolled, result.computed, result.extended]) expect(number).toBeGreaterThan(100);
  });

  it('gives the same dates for the same seed', async () => {
    expect(await runDates({ count: 200, seed: 7 })).toEqual(await runDates({ count: 200, seed: 7 }));
  });

  it('imports nothing at all', () => {
    const source = readFileSync(path.join(__dirname, 'naive.ts'), 'utf8');
    expect(source).toContain('export function midnightInAlmaty');
    expect(source).not.toMatch(/\bimport\b|\brequire\b|\bexport\b[^;\n]*\bfrom\b/);
  });

  it('knows its own calendar', () => {
    expect(dayAfter('2024-02-28')).toBe('2024-02-29');
    expect(dayAfter('2023-12-31')).toBe('2024-01-01');
    expect(dayBefore('2021-03-01')).toBe('2021-02-28');
    expect(weekday('2021-01-10')).toBe(0);
    expect(new Date(midnightInAlmaty('2021-01-12')).toISOString()).toBe('2021-01-11T18:00:00.000Z');
    expect(new Date(midnightInAlmaty('2024-04-11')).toISOString()).toBe('2024-04-10T19:00:00.000Z');
  });
});
