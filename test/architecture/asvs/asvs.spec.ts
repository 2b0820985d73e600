import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { filesOf, rootDir } from '../source-files.js';

/** One requirement: how it stands with it, in one of four ways. */
interface Entry {
  readonly id: string;
  readonly held?: string;
  /** `file > 'title'`: each would fail if the requirement were not held any more. */
  readonly tests?: readonly string[];
  /** Why no test can tell. */
  readonly reason?: string;
  readonly byDeployment?: string;
  readonly documented?: string;
  readonly notApplicable?: string;
  readonly open?: string;
}

const ways = ['held', 'byDeployment', 'notApplicable', 'open'] as const;
const here = 'test/architecture/asvs';
const read = (file: string) => readFileSync(path.join(rootDir, file), 'utf8');
const { level1, level2 } = JSON.parse(read(`${here}/requirements.json`)) as {
  readonly level1: readonly string[];
  readonly level2: readonly string[];
};
const chapters = filesOf(here, '.json').filter((file) => /\/v\d+\.json$/.test(file));
const entries = chapters.flatMap((file) => JSON.parse(read(file)) as readonly Entry[]);

/** The titles of a file's tests as they are written, those of tables with their `%s`. */
function titlesIn(file: string): ReadonlySet<string> {
  const calls = /(?:\b(?:it|test)\(|\]\)\(|[a-z]\)\()\s*(?:'((?:[^'\\\n]|\\.)+)'|"((?:[^"\\\n]|\\.)+)")\s*,/g;
  return new Set([...read(file).matchAll(calls)].map(([, single, double]) => single ?? double!));
}

function faultOfTest(cited: string): string | undefined {
  const [, file, title] = /^(\S+) > '(.+)'$/.exec(cited) ?? [];
  if (file === undefined || title === undefined) return 'is not written as a file and a title';
  if (!existsSync(path.join(rootDir, file))) return 'names a file that is not there';
  return titlesIn(file).has(title) ? undefined : 'names a test that is not there';
}

function faultsOf(entry: Entry): readonly string[] {
  const { tests = [], reason, documented } = entry;
  const chosen = ways.filter((way) => entry[way] !== undefined);
  const faults = tests.flatMap((one) => {
    const fault = faultOfTest(one);
    return fault === undefined ? [] : [`${one} ${fault}`];
  });
  if (chosen.length !== 1) faults.push(`is ${chosen.join(' and ') || 'nothing'}`);
  if (chosen.some((way) => entry[way] === '')) faults.push('says nothing');
  if (entry.held !== undefined && tests.length === 0 && !reason) faults.push('is held by no test, without a reason');
  if (entry.held === undefined && (tests.length > 0 || reason)) faults.push('is not held and has tests');
  if (entry.byDeployment !== undefined && !documented) faults.push('is written down nowhere');
  if (documented !== undefined && !existsSync(path.join(rootDir, documented)))
    faults.push(`${documented} is not there`);
  const unknown = Object.keys(entry).filter((name) => !['id', 'tests', 'reason', 'documented', ...ways].includes(name));
  return [...faults, ...unknown.map((name) => `${name} means nothing here`)];
}

describe('each requirement of level 1 and 2', () => {
  it('is answered once, in the file of its chapter, and nothing else is', () => {
    expect([level1.length, level2.length]).toEqual([70, 183]);
    expect(entries.map(({ id }) => id).sort()).toEqual([...level1, ...level2].sort());
    const astray = chapters.flatMap((file) =>
      (JSON.parse(read(file)) as readonly Entry[]).filter(({ id }) => !file.endsWith(`/v${id.split('.')[0]}.json`)),
    );
    expect(astray).toEqual([]);
  });

  it('is held by tests that are there, or says why not, what is missing or who has to do it', () => {
    const faults = entries.flatMap((entry) => faultsOf(entry).map((fault) => `${entry.id}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it('is counted right in the README', () => {
    const count = (way: (typeof ways)[number]) => entries.filter((entry) => entry[way] !== undefined).length;
    const [held, byDeployment, notApplicable, open] = ways.map(count);
    expect(read('README.md').replaceAll(/\s+/g, ' ')).toContain(
      `${entries.length} requirements: ${held} held, ${byDeployment} by deployment, ${notApplicable} not applicable, ${open} open`,
    );
  });
});

describe('an answer', () => {
  const test = "libs/kernel/kernel.spec.ts > 'refuses days that do not exist'";

  it.each<[Entry, readonly string[]]>([
    [{ id: '1.1.1', held: 'so', tests: [test] }, []],
    [
      { id: '1.1.1', held: 'so', tests: [test.replace('refuses', 'takes')] },
      [expect.stringMatching(/a test that is not there$/) as string],
    ],
    [
      { id: '1.1.1', held: 'so', tests: [test.replace('kernel.spec', 'colonel.spec')] },
      [expect.stringMatching(/a file that is not there$/) as string],
    ],
    [{ id: '1.1.1', held: 'so', tests: [] }, ['is held by no test, without a reason']],
    [{ id: '1.1.1', held: 'so', open: 'not', reason: 'x' }, ['is held and open']],
    [{ id: '1.1.1' }, ['is nothing']],
    [{ id: '1.1.1', byDeployment: 'them' }, ['is written down nowhere']],
    [{ id: '1.1.1', byDeployment: 'them', documented: 'NOWHERE.md' }, ['NOWHERE.md is not there']],
  ])('such as %j has the faults %j', (entry, faults) => {
    expect(faultsOf(entry)).toEqual(faults);
  });
});
