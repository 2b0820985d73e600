import path from 'node:path';
import { migrateSchema, openHouse, type DatabaseConfig } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { Deployment, urlOf, type DeploymentOptions } from '../../support/deployment.js';
import type { Program } from '../../support/program.js';
import { drawer, type CampaignOutcome } from '../campaign.js';
import { judged, repeated, settled, type Open } from '../filing-judges.js';
import { Load } from '../filing-load.js';
import { ProgressOfWork } from './progress-of-work.js';

export interface ProcessesOptions {
  /** In all: an api, a worker, the other api, the other worker, and so on in turn. */
  readonly kills: number;
  readonly seed: number;
  readonly dir: string;
  readonly database: { readonly owner: DatabaseConfig; readonly app: DatabaseConfig };
  readonly programOf: DeploymentOptions['programOf'];
  /** The house must be serving again so soon after a kill; without it times are told and not judged. */
  readonly patienceMs?: number;
  readonly onProgress?: (done: number, of: number, what?: string) => void;
}

/** One kill and what came after, in ms from it. */
interface Kill {
  readonly victim: 'api' | 'worker';
  /** It was the one that projected. */
  readonly led: boolean;
  /** A command was answered. */
  readonly answeredMs: number;
  /** The registers showed, and the policies had looked at, what was written after it. */
  readonly registersMs: number;
  readonly policiesMs: number;
  /** The killed process, started again at once, was ready. */
  readonly readyMs: number;
  /** Connections that all processes held before it. */
  readonly sessions: number;
}

const operatorBin = '940140000385';
const senders = 6;

/** Two api and two worker processes on one PostgreSQL under load, killed without warning in turn. */
export async function killProcesses(options: ProcessesOptions): Promise<CampaignOutcome> {
  const { database, seed, dir, programOf } = options;
  const home = path.join(dir, 'house');
  await migrateSchema(database.owner, database.app.user);
  // A sweep every second, so that kills find one under way.
  const env = { QADAGA_SWEEP_SECONDS: '1', QADAGA_LOG_LEVEL: 'error' };
  const house = new Deployment({ home, database: database.app, programOf, env });
  const work = new ProgressOfWork(database.app);
  try {
    const programs = [await house.api(), await house.worker(), await house.api(), await house.worker()];
    // The first makes the keys that the others find.
    for (const program of programs) await program.start();
    const urls = [programs[0]!.url, programs[2]!.url];
    const load = new Load(urls, house.keys['operator']!, operatorBin, seed);
    await load.begin(senders);
    const { kills, findings } = await killInTurn(options, programs, load, work);
    if (findings.length === 0) await load.end();
    else load.abandon();
    findings.push(...load.faults, ...tooSlow(kills, options.patienceMs));
    if (load.internalErrors.length > 0)
      findings.push(`${load.internalErrors.length} answers were 500: ${load.internalErrors[0]}`);
    const config = loadConfig({
      QADAGA_HOME: home,
      QADAGA_DATABASE_URL: urlOf(database.app),
      QADAGA_DATABASE_OWNER_URL: urlOf(database.owner),
    });
    const open: Open = (projector) => openHouse(config, { projector });
    findings.push(...(await repeated(load, drawer(seed))));
    const notices = await settled(open, load.ledger, findings);
    const codes = await Promise.all(programs.map((program) => program.stop()));
    for (const [n, code] of codes.entries())
      if (code !== 0) findings.push(`process ${n} ended with ${code} when asked to: ${programs[n]!.words}`);
    const checked = await judged(open, load.ledger, findings);
    return { findings, counts: { ...counted(kills, load), notices, ...checked } };
  } finally {
    await house.killAll();
    await work.close();
  }
}

async function killInTurn(
  { kills: count, seed, onProgress }: ProcessesOptions,
  programs: readonly Program[],
  load: Load,
  work: ProgressOfWork,
): Promise<{ readonly kills: readonly Kill[]; readonly findings: string[] }> {
  const draw = drawer(seed);
  const kills: Kill[] = [];
  const findings: string[] = [];
  for (let n = 0; n < count && findings.length === 0 && load.faults.length === 0; n++) {
    const victim = n % 2 === 0 ? 'api' : 'worker';
    onProgress?.(n, count, `${victim}, ${load.ledger.length} commands`);
    await new Promise((resolve) => setTimeout(resolve, draw(2_000)));
    const program = programs[n % programs.length]!;
    const before = await work.now();
    const at = performance.now();
    await program.kill();
    try {
      const [readyMs, progress] = await Promise.all([program.start(), work.beyond(before.head)]);
      const led = victim === 'worker' && (await work.now()).projector !== before.projector;
      kills.push({
        victim,
        led,
        answeredMs: load.firstAnswerAfter(at) - at,
        ...progress,
        readyMs,
        sessions: before.sessions,
      });
    } catch (error) {
      findings.push(`after kill ${n} (${victim}): ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { kills, findings };
}

const times = ['answeredMs', 'registersMs', 'policiesMs', 'readyMs'] as const;

function tooSlow(kills: readonly Kill[], patienceMs = Infinity): string[] {
  return kills.flatMap((kill, n) =>
    times
      .filter((time) => !(kill[time] <= patienceMs))
      .map((time) => `after kill ${n} (${kill.victim}): ${time} was ${Math.round(kill[time])}`),
  );
}

function counted(kills: readonly Kill[], load: Load) {
  const summary = (some: readonly Kill[]) =>
    Object.fromEntries(
      times.map((time) => {
        const sorted = some.map((kill) => kill[time]).sort((a, b) => a - b);
        return [time, { median: Math.round(sorted[sorted.length >> 1] ?? 0), worst: Math.round(sorted.at(-1) ?? 0) }];
      }),
    );
  const of = (victim: Kill['victim']) => kills.filter((kill) => kill.victim === victim);
  return {
    kills: { api: of('api').length, worker: of('worker').length, ofThemLeading: kills.filter(({ led }) => led).length },
    connections: Math.max(...kills.map(({ sessions }) => sessions)),
    commands: load.ledger.length,
    askedAgain: load.ledger.filter(({ attempts }) => attempts > 1).length,
    afterKillOf: { api: summary(of('api')), worker: summary(of('worker')) },
  };
}
