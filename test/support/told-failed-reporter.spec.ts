import { outcomeOf, type RunResults } from './told-failed-reporter.js';

const root = process.cwd();
const [one, two] = [`${root}/libs/one.spec.ts`, `${root}/apps/two.spec.ts`];
const ofFile = (testFilePath: string, ...statuses: string[]) => ({
  testFilePath,
  testResults: statuses.map((status, n) => ({ status, fullName: `test ${n}` })),
});
const whole: RunResults = {
  startTime: 0,
  wasInterrupted: false,
  numPassedTests: 2,
  numFailedTests: 1,
  numPendingTests: 1,
  testResults: [
    ofFile(one, 'passed', 'failed'),
    { ...ofFile(two, 'passed', 'pending'), testExecError: new Error('x') },
  ],
};
const log = [
  'told failed, seed 7: store in libs/one.spec.ts',
  'told failed, seed 7: mail in apps/standalone/main.ts',
  'told failed, seed 7: store in apps/two.spec.ts',
  '',
].join('\n');

describe('what came of a run in which calls were told that they failed', () => {
  it('is counted by kind, with the tests that failed', () => {
    expect(outcomeOf(whole, [one, two], log)).toEqual({
      counts: {
        told: { store: 2, queue: 0, notice: 0, mail: 1 },
        tests: { passed: 2, failed: 1, skipped: 1 },
      },
      findings: ['libs/one.spec.ts: test 1', 'apps/two.spec.ts did not run'],
    });
  });

  it('is kept of a whole run only', () => {
    expect(outcomeOf({ ...whole, testResults: whole.testResults.slice(1) }, [one, two], log)).toBeUndefined();
    expect(outcomeOf({ ...whole, wasInterrupted: true }, [one, two], log)).toBeUndefined();
  });
});
