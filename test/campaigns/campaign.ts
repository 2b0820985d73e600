import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, platform, tmpdir, totalmem } from 'node:os';
import path from 'node:path';

export interface CampaignOptions {
  readonly count: number;
  readonly seed: number;
  /** Flags of one campaign only, e.g. `replay`. */
  readonly flags: ReadonlySet<string>;
  readonly onProgress: (done: number, of: number, what?: string) => void;
}

/** What a campaign found out. No findings is the good end; the counts say that it looked at something at all. */
export interface CampaignOutcome {
  readonly findings: readonly string[];
  readonly counts: { readonly [what: string]: unknown };
}

export interface Campaign {
  readonly name: string;
  /** What `--count` counts. */
  readonly counts: string;
  readonly byDefault: number;
  run(options: CampaignOptions): Promise<CampaignOutcome>;
}

/** Of the project: `npm run` starts programs there, and what is compiled lies three folders below it. */
export function projectRoot(start: string = process.cwd()): string {
  for (let dir = start; ; dir = path.dirname(dir)) {
    try {
      const { name } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8')) as { name?: string };
      if (name === 'qadaga') return dir;
    } catch {
      // Not here; further up.
    }
    if (dir === path.dirname(dir)) throw new Error('not inside the project');
  }
}

/** Compiled programs of the project, for campaigns that start processes. */
export const compiled = (...parts: string[]): string => path.join(projectRoot(), 'dist', ...parts);

const versionOf = (name: string): string =>
  (
    JSON.parse(readFileSync(path.join(projectRoot(), 'node_modules', name, 'package.json'), 'utf8')) as {
      version: string;
    }
  ).version;

/** When and with what a result came to be that is kept. */
function circumstances(seconds: number) {
  const own = JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as { version: string };
  return {
    date: new Date().toISOString().slice(0, 10),
    seconds: Math.round(seconds),
    machine: { processors: cpus().length, memoryGb: Math.round(totalmem() / 2 ** 30), platform: platform() },
    versions: {
      qadaga: own.version,
      node: process.versions.node,
      pg: versionOf('pg'),
      'fast-check': versionOf('fast-check'),
    },
  };
}

/** What was asked, the circumstances, what came of it: formatted as the linter wants it. */
export async function writeResult(file: string, asked: object, seconds: number, outcome: object): Promise<void> {
  const { format } = await import('prettier');
  const result = { ...asked, ...circumstances(seconds), ...outcome };
  writeFileSync(file, await format(JSON.stringify(result), { parser: 'json', printWidth: 120 }));
}

/** `test/campaigns/<name>/last-result.json`. */
export async function keepResult(
  campaign: Campaign,
  options: CampaignOptions,
  outcome: CampaignOutcome,
  seconds: number,
): Promise<string> {
  const file = path.join(projectRoot(), 'test', 'campaigns', campaign.name, 'last-result.json');
  const { seed, count, flags } = options;
  const { counts, findings } = outcome;
  await writeResult(file, { name: campaign.name, seed, count, flags: [...flags] }, seconds, { counts, findings });
  return file;
}

/** A folder below the system's temporary one, gone after `work`. */
export async function inScratch<T>(name: string, work: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(path.join(tmpdir(), `qadaga-${name}-`));
  // PostgreSQL's unprivileged account has to pass through, or the data would be kept elsewhere, and stay there.
  chmodSync(dir, 0o711);
  try {
    return await work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Where no other seed is asked for. */
export const defaultSeed = 384;

/** A small seeded generator (mulberry32): the same seed draws the same numbers everywhere. */
export function drawer(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}
