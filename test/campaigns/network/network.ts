import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { migrateSchema, openHouse, type DatabaseConfig } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { EnergyBody } from '../../../libs/engine/test-support/energy-body.js';
import { startKurrentDouble } from '../../../libs/event-store/test-support/kurrentdb-double/index.js';
import { startRedisServer } from '../../../libs/jobs/test-support/redis-server.js';
import { Deployment, urlOf, type DeploymentOptions } from '../../support/deployment.js';
import { NetworkProxy, networkFaults, type NetworkFault } from '../../support/network-proxy.js';
import type { Program } from '../../support/program.js';
import { drawer, type CampaignOutcome } from '../campaign.js';
import { judged, repeated, settled, type Open } from '../filing-judges.js';
import { Load } from '../filing-load.js';

export const links = ['postgres', 'redis', 'kurrentdb', 'energy-body'] as const;
export type Link = (typeof links)[number];

export interface NetworkOptions {
  readonly link: Link;
  /** How often each fault comes. */
  readonly rounds: number;
  readonly seed: number;
  readonly dir: string;
  readonly database: { readonly owner: DatabaseConfig; readonly app: DatabaseConfig };
  readonly programOf: DeploymentOptions['programOf'];
  readonly onProgress?: (done: number, what: string) => void;
}

interface Suffered {
  readonly fault: NetworkFault;
  /** From the end of the fault until a filing made after it was answered, shown and told to the energy body, ms. */
  readonly recoveredMs: number;
}

const operatorBin = '940140000385';
const senders = 3;
/** What lies there when a fault has passed must be brought within `recoveryMs`, a notice after the other. */
const pauseMs = 100;
/**
 * No request is left without an answer for longer: its key is looked up within 10 s (a connection 5 s, a question 5 s:
 * `openHouse`), and what it asks for is answered within 18 s (`prepareHttpEdge`), by 503 if need be. Behind that each link
 * has limits of its own: PostgreSQL 5 s for a connection, 15 s for a question (`patient`), 10 s for an append; Redis 5 s for
 * a question, 20 s for a silent socket (`createRedisJobQueue`); KurrentDB 3 s an attempt, 10 s in all
 * (`createKurrentEventStore`); the energy body 10 s for a post (`deliverNotice`). What overstays these shows as a house
 * that does not come back.
 */
export const longestAnswerMs = 28_000;
/** A busy machine comes to its timers late. */
const marginMs = 1_500;
const recoveryMs = 90_000;
/** Nothing but a timeout ends what waits on a link that is half-open for so long. */
const beyondAnyTimeoutMs = 40_000;

/** One house whose link to one of its servers is bad in each way, again and again, while documents are filed. */
export async function disturbNetwork(options: NetworkOptions): Promise<CampaignOutcome> {
  const { link, database, seed, dir, programOf, rounds, onProgress } = options;
  const home = path.join(dir, `house-${link}`);
  mkdirSync(home, { recursive: true });
  await migrateSchema(database.owner, database.app.user);
  const far = await farSideOf(link, database.app);
  const proxy = await NetworkProxy.start(far);
  const house = new Deployment({
    home,
    database: link === 'postgres' ? { ...database.app, host: '127.0.0.1', port: proxy.port } : database.app,
    programOf,
    env: { QADAGA_SWEEP_SECONDS: '2', QADAGA_LOG_LEVEL: 'error', ...far.env(proxy.port) },
  });
  let load: Load | undefined;
  try {
    const api = await house.api();
    const worker = await house.worker();
    for (const program of [api, worker]) await program.start();
    load = new Load([api.url], house.keys['operator']!, operatorBin, seed, pauseMs);
    await load.begin(senders);
    const draw = drawer(seed);
    const suffered: Suffered[] = [];
    const findings: string[] = [];
    for (let n = 0; n < rounds * networkFaults.length && findings.length === 0; n++) {
      const fault = networkFaults[n % networkFaults.length]!;
      const round = Math.floor(n / networkFaults.length);
      onProgress?.(n, `${link} ${fault}`);
      await wait(draw(300));
      if (proxy.connections === 0 && link !== 'energy-body') findings.push(`nothing goes over the link ${link}`);
      proxy.set(fault);
      await wait(
        fault === 'half-open' && round % 10 === 9 ? beyondAnyTimeoutMs : 200 + draw(n % 5 === 4 ? 8_000 : 2_000),
      );
      proxy.heal();
      const recoveredMs = await recovery(house, api, load, `${link}-${n}`);
      if (recoveredMs === undefined)
        findings.push(`after ${fault} no. ${n} at ${link} the house did not come back: ${api.words} ${worker.words}`);
      else suffered.push({ fault, recoveredMs });
      for (const [name, program] of Object.entries({ api, worker }))
        if (!program.isRunning) findings.push(`${fault} at ${link} ended the ${name}: ${program.words}`);
    }
    if (findings.length === 0) await load.end();
    findings.push(...load.faults);
    const hung = load.ledger.filter(({ longestMs }) => longestMs >= longestAnswerMs + marginMs);
    if (hung.length > 0) findings.push(`${hung.length} requests had no answer within ${longestAnswerMs} ms`);
    if (load.internalErrors.length > 0)
      findings.push(`${load.internalErrors.length} answers were 500: ${load.internalErrors[0]}`);
    const config = loadConfig({
      QADAGA_HOME: home,
      QADAGA_DATABASE_URL: urlOf(database.app),
      QADAGA_DATABASE_OWNER_URL: urlOf(database.owner),
      ...(link === 'kurrentdb' ? far.env(far.port) : {}),
    });
    const open: Open = (projector) => openHouse(config, { projector });
    findings.push(...(await repeated(load, draw)));
    const notices = await settled(open, load.ledger, findings);
    if (far.taken && far.taken() !== notices)
      findings.push(`I5: ${notices} notices were sent, and the energy body has ${far.taken()}`);
    const codes = await Promise.all([api, worker].map((program) => program.stop()));
    if (codes.some((code) => code !== 0)) findings.push(`the processes ended with ${codes.join()} when asked to`);
    const checked = await judged(open, load.ledger, findings);
    return {
      findings: findings.map((finding) => `${link}: ${finding}`),
      counts: {
        faults: suffered.length,
        commands: load.ledger.length,
        askedAgain: load.ledger.filter(({ attempts }) => attempts > 1).length,
        because: load.againBecause,
        longestAnswerMs: Math.round(Math.max(...load.ledger.map(({ longestMs }) => longestMs))),
        recoveredMs: worstOf(suffered),
        notices,
        ...checked,
      },
    };
  } finally {
    load?.abandon();
    await house.killAll();
    await proxy.stop();
    await far.stop();
  }
}

const worstOf = (suffered: readonly Suffered[]) =>
  Object.fromEntries(
    networkFaults.map((fault) => [
      fault,
      Math.round(Math.max(0, ...suffered.filter((one) => one.fault === fault).map(({ recoveredMs }) => recoveredMs))),
    ]),
  );

interface FarSide {
  readonly host: string;
  readonly port: number;
  /** What makes the house talk to it on another port. */
  env(port: number): { readonly [name: string]: string };
  /** How many notices lie there, where notices are brought. */
  taken?(): number;
  stop(): Promise<void>;
}

async function farSideOf(link: Link, app: DatabaseConfig): Promise<FarSide> {
  const at = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  switch (link) {
    case 'postgres':
      return { host: app.host, port: app.port, env: () => ({}), stop: async () => {} };
    case 'redis': {
      const redis = await startRedisServer();
      const env = (port: number) => ({ QADAGA_QUEUE: 'redis', QADAGA_REDIS_URL: `redis://127.0.0.1:${port}` });
      return { ...at(redis.url), env, stop: () => redis.stop() };
    }
    case 'kurrentdb': {
      const double = await startKurrentDouble();
      const { host, port } = double;
      const env = (to: number) => ({ QADAGA_EVENT_STORE_URL: `kurrentdb://127.0.0.1:${to}?tls=false` });
      return { host, port, env, stop: () => double.stop() };
    }
    case 'energy-body': {
      const body = await EnergyBody.start();
      const env = (port: number) => ({ QADAGA_ENERGY_BODY_URL: `http://127.0.0.1:${port}/notices` });
      return { ...at(body.url), env, taken: () => body.taken.size, stop: () => body.stop() };
    }
  }
}

/** @returns undefined when a filing made now does not come through all of the house in time */
async function recovery(house: Deployment, api: Program, load: Load, key: string): Promise<number | undefined> {
  const began = performance.now();
  const inTime = () => performance.now() - began < recoveryMs;
  const filed = await Promise.race([
    load.send('/api/v1/quarterly-references', {
      newCase: { operatorBin, caseRef: `R-${key}`, region: '55', address: 'Line 1' },
      period: '2026-Q3',
      powerMw: '12.5',
      equipmentInvestmentKzt: '1',
      investmentPotentialKzt: '1',
      jobs: 1,
    }),
    wait(recoveryMs, undefined, { ref: false }),
  ]);
  while (filed?.body.filingId && inTime()) {
    try {
      const { body } = await house.ask(api, 'case-officer', `notices?filingId=${filed.body.filingId}`);
      const [notice] = (body['items'] ?? []) as { readonly sentAt: string | null }[];
      if (notice?.sentAt) return performance.now() - began;
    } catch {
      // Not back yet.
    }
    await wait(50);
  }
  return undefined;
}
