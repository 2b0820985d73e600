import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runDecider } from './decider.js';

describe('the case decider', () => {
  it('agrees with a naive case over random lives, and twice is once', async () => {
    const result = await runDecider({ count: 80, seed: 384 });
    expect(result.findings).toEqual([]);
    expect(Object.keys(result.seen).sort()).toEqual(
      ['excused', 'met', 'met_late', 'missed', 'open', 'undetermined', 'void'].sort(),
    );
  }, 60_000);

  it('is judged by something that takes in no other file', () => {
    const source = readFileSync(path.join(__dirname, 'naive.ts'), 'utf8');
    expect(source).toContain('export function judge');
    expect(source).not.toMatch(/\bimport\b|\brequire\b|\bexport\b[^;\n]*\bfrom\b/);
  });
});
