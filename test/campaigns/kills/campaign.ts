import path from 'node:path';
import pg from 'pg';
import { openHouse, type OpenedHouse } from '#libs/assembly';
import type { EventStore } from '#libs/event-store';
import { loadConfig } from '#libs/platform';
import { checkDeadlines, checkEffects, checkOrder, checkReadModels } from '../../support/invariants.js';
import { drawer, inScratch, type Campaign, type CampaignOutcome } from '../campaign.js';
import { Load, type Sent } from './load.js';
import { keysOf } from '../../support/deployment.js';
import { freePort } from '../../support/free-port.js';
import { ServerProcess } from '../server-process.js';

const operatorBin = '940140000385';
const senders = 6;

export const campaign: Campaign = {
  name: 'kills',
  counts: 'kills at random moments under load',
  byDefault: 100,
  run: ({ count, seed, onProgress }) => inScratch('kills', (dir) => killing(dir, count, seed, onProgress)),
};

async function killing(
  dir: string,
  kills: number,
  seed: number,
  onProgress: (done: number, of: number, what?: string) => void,
): Promise<CampaignOutcome> {
  const home = path.join(dir, 'home');
  const draw = drawer(seed);
  const server = new ServerProcess(home, await freePort());
  const findings: string[] = [];
  const done = { process: 0, postgres: 0, restart: 0 };
  const starts: number[] = [];
  const said: string[] = [];
  try {
    starts.push(await server.start());
    const load = new Load(server.url, keysOf(home)['operator']!, operatorBin, seed);
    await load.begin(senders);
    for (let n = 0; n < kills && findings.length === 0 && load.faults.length === 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100 + draw(2500)));
      const what = n % 10 === 4 ? 'postgres' : n % 10 === 9 ? 'restart' : 'process';
      onProgress(n, kills, `${what}, ${load.ledger.length} commands`);
      done[what] += 1;
      const errors = load.internalErrors.length;
      try {
        if (what === 'process') {
          await server.kill();
          starts.push(await server.start());
        } else {
          await server.endPostgres(what === 'postgres' ? 'SIGKILL' : 'SIGINT');
          await server.untilReady(60_000);
        }
        if (load.internalErrors.length > errors) said.push(`${load.internalErrors.at(-1)}; it said: ${server.words}`);
      } catch (error) {
        findings.push(`after kill ${n} (${what}): ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (findings.length === 0) await load.end();
    findings.push(...load.faults);
    const stopped = findings.length > 0;
    if (load.internalErrors.length > 0)
      findings.push(`${load.internalErrors.length} answers were 500: ${said[0] ?? load.internalErrors[0]}`);
    if (stopped) return { findings, counts: { ...done, commands: load.ledger.length } };

    findings.push(...(await repeated(load, draw)));
    const notices = await settled(home, load.ledger, findings);
    const code = await server.stop();
    if (code !== 0) findings.push(`the server ended with ${code} when asked to: ${server.words}`);
    const checked = await judged(home, load.ledger, findings);
    starts.sort((a, b) => a - b);
    return {
      findings,
      counts: {
        kills: done,
        commands: load.ledger.length,
        askedAgain: load.ledger.filter(({ attempts }) => attempts > 1).length,
        notices,
        ...checked,
        readyAgainMs: { median: Math.round(starts[starts.length >> 1]!), worst: Math.round(starts.at(-1)!) },
      },
    };
  } finally {
    await server.kill();
  }
}

/** Some of the ledger once more: the same key and body give the same answer. */
async function repeated(load: Load, draw: (below: number) => number): Promise<string[]> {
  const findings: string[] = [];
  for (let n = 0; n < Math.min(200, load.ledger.length); n++) {
    const sent = load.ledger[draw(load.ledger.length)]!;
    if (sent.answer?.status !== 201) continue;
    const again = await load.attempt(sent);
    const { documentId, journalNo } = sent.answer.body;
    const same = again?.status === 201 && again.body.documentId === documentId && again.body.journalNo === journalNo;
    if (!same) findings.push(`I1: ${sent.path} again: ${JSON.stringify(again)} after ${JSON.stringify(sent.answer)}`);
  }
  return findings.slice(0, 10);
}

const house = (home: string, projector: boolean): Promise<OpenedHouse> =>
  openHouse(loadConfig({ QADAGA_HOME: home }), { projector });

/** Within a minute and a half of the last command every notice of what was filed lies in the energy body's inbox. */
async function settled(home: string, ledger: readonly Sent[], findings: string[]): Promise<number> {
  const joined = await house(home, false);
  try {
    const filed = new Set(ledger.map(({ answer }) => answer?.body.filingId).filter((id) => id !== undefined));
    const until = Date.now() + 90_000;
    for (;;) {
      const { sent, issued } = await noticesIn(joined.store);
      const without = [...filed].filter((id) => !issued.has(id));
      if (without.length === 0 && sent === issued.versions) return sent;
      if (Date.now() > until) {
        findings.push(`${without.length} filings have no notice, ${issued.versions - sent} notices were not sent`);
        return sent;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  } finally {
    await joined.close();
  }
}

async function noticesIn(store: EventStore) {
  const filings = new Set<string>();
  let versions = 0;
  let sent = 0;
  for await (const batch of store.readAll())
    for (const { type, data } of batch) {
      if (type === 'NoticeIssued') {
        versions += 1;
        filings.add((data as { filingId: string }).filingId);
      }
      if (type === 'NoticeSent') sent += 1;
    }
  return { sent, issued: { versions, has: (id: string) => filings.has(id) } };
}

async function judged(home: string, ledger: readonly Sent[], findings: string[]) {
  const opened = await house(home, true);
  try {
    const { store, readModels, databases } = opened;
    await opened.catchUp();
    findings.push(...(await checkOrder(store)), ...(await acknowledgedOnce(store, ledger)));
    findings.push(...(await checkEffects(store)));
    const deadlines = await checkDeadlines(store);
    findings.push(...deadlines.findings);
    const pool = new pg.Pool({ ...databases.owner!, max: 2 });
    try {
      findings.push(...(await checkReadModels(pool, () => readModels.rebuild())));
    } finally {
      await pool.end();
    }
    const parked = await readModels.listParked();
    if (parked.length > 0) findings.push(`${parked.length} units are parked: ${JSON.stringify(parked[0])}`);
    return { facts: Number((await store.head()) ?? 0), deadlines: deadlines.checked };
  } finally {
    await opened.close();
  }
}

/** I1 and I2: each acknowledged command has its one effect, and nothing was filed that nobody was told of. */
async function acknowledgedOnce(store: EventStore, ledger: readonly Sent[]): Promise<string[]> {
  const findings: string[] = [];
  const effects = new Map<string, number>();
  for await (const batch of store.readAll())
    for (const { type, data } of batch) {
      const { filingId, correctionId, withdrawalId } = data as { [name: string]: string };
      const effect =
        type === 'QuarterlyReferenceFiled'
          ? filingId
          : type === 'FilingCorrected'
            ? correctionId
            : type === 'FilingWithdrawn'
              ? withdrawalId
              : undefined;
      if (effect !== undefined) effects.set(effect, (effects.get(effect) ?? 0) + 1);
    }
  let told = 0;
  for (const { path: where, answer } of ledger) {
    if (answer?.status !== 201 || where === '/api/v1/operators') continue;
    told += 1;
    const times = effects.get(answer.body.documentId ?? '') ?? 0;
    if (times !== 1) findings.push(`I1: ${where} was acknowledged and is in the log ${times} times`);
  }
  const written = [...effects.values()].reduce((sum, n) => sum + n, 0);
  if (written !== told) findings.push(`I2: ${told} commands were acknowledged, ${written} effects are in the log`);
  return findings.slice(0, 20);
}
