import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { defaultSeed, projectRoot, writeResult } from '../campaigns/campaign.js';

/** The parts of what Jest tells a reporter that are read here. */
export interface RunResults {
  readonly startTime: number;
  readonly wasInterrupted: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly testFilePath: string;
    readonly testExecError?: unknown;
    readonly testResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What `told-failed.ts` may tell of. */
const kinds = ['store', 'queue', 'notice', 'mail'] as const;

/** What came of a run; undefined when it left out a test file, so that it says nothing of the suite. */
export function outcomeOf(results: RunResults, specs: readonly string[], log: string) {
  const ran = new Map(results.testResults.map((one) => [one.testFilePath, one]));
  if (results.wasInterrupted || !specs.every((file) => ran.has(file))) return undefined;
  const lines = log.split('\n');
  const failed = results.testResults.flatMap(({ testFilePath, testExecError, testResults }) => [
    ...(testExecError ? [`${path.relative(projectRoot(), testFilePath)} did not run`] : []),
    ...testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${path.relative(projectRoot(), testFilePath)}: ${fullName}`),
  ]);
  const { numPassedTests: passed, numFailedTests, numPendingTests: skipped } = results;
  return {
    counts: {
      told: Object.fromEntries(
        kinds.map((kind) => [kind, lines.filter((line) => line.includes(`: ${kind} in `)).length]),
      ),
      tests: { passed, failed: numFailedTests, skipped },
    },
    findings: failed,
  };
}

const specsBelow = (root: string): string[] =>
  ['apps', 'libs', 'test'].flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.spec.ts'))
      .map((file) => path.join(root, folder, file)),
  );

function sourceOf(root: string) {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return { commit: git('rev-parse', '--short=12', 'HEAD'), uncommitted: git('status', '--porcelain') !== '' };
  } catch {
    // No clone, or no git: what was run is not known.
    return { commit: null };
  }
}

/** Of `npm run told-failed`: keeps what came of a whole run in `told-failed-last-result.json`, and of no other. */
// oxlint-disable-next-line import/no-default-export -- Jest asks for it
export default class ToldFailedReporter {
  private readonly root = projectRoot();
  /** Of the beginning: who works on meanwhile changes it. */
  private readonly source = sourceOf(this.root);
  private readonly log: string;
  private readonly ownLog: boolean;
  /** What an earlier run has left in a log that was named. */
  private readonly loggedBefore: number;

  constructor(private readonly globalConfig: { readonly testNamePattern?: string }) {
    const named = process.env['TOLD_FAILED_LOG'];
    this.ownLog = named === undefined;
    this.log = named ?? path.join(os.tmpdir(), `qadaga-told-failed-${process.pid}.log`);
    this.loggedBefore = this.logged().length;
    // The processes that run tests, and the programs those start, have their environment from this one.
    process.env['TOLD_FAILED_LOG'] = this.log;
  }

  async onRunComplete(_contexts: unknown, results: RunResults): Promise<void> {
    const log = this.logged().slice(this.loggedBefore);
    if (this.ownLog) rmSync(this.log, { force: true });
    const outcome = this.globalConfig.testNamePattern ? undefined : outcomeOf(results, specsBelow(this.root), log);
    if (outcome === undefined) {
      process.stderr.write('Not the whole suite was run: the kept result stays as it is.\n');
      return;
    }
    const file = path.join(this.root, 'test/support/told-failed-last-result.json');
    const asked = {
      name: 'told-failed',
      seed: Number(process.env['TOLD_FAILED_SEED'] ?? defaultSeed),
      rate: Number(process.env['TOLD_FAILED'] ?? 0),
      ...this.source,
    };
    await writeResult(file, asked, (Date.now() - results.startTime) / 1000, outcome);
  }

  private logged(): string {
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : '';
  }
}
