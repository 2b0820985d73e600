import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startEmbeddedPostgres } from '#libs/embedded';
import { createPostgresEventStore, migrateEventStore, type RecordedFact } from '#libs/event-store';
import { checkLedger, checkOrder, type LedgerEntry } from '../../support/invariants.js';
import { compiled, inScratch, type Campaign, type CampaignOutcome } from '../campaign.js';
import type { WriterLedger, WriterTask } from './writer.js';

const processes = 4;
const writersEach = 8;

export const campaign: Campaign = {
  name: 'writers',
  counts: `seconds of ${processes} processes with ${writersEach} writers each`,
  byDefault: 60,
  run: ({ count, seed, onProgress }) => inScratch('writers', (dir) => write(dir, count, seed, onProgress)),
};

async function write(
  dir: string,
  seconds: number,
  seed: number,
  onProgress: (done: number, of: number) => void,
): Promise<CampaignOutcome> {
  const postgres = await startEmbeddedPostgres({ home: path.join(dir, 'home') });
  try {
    const app = postgres.config();
    await migrateEventStore(postgres.config('qadaga', 'owner'), app.user);
    const store = createPostgresEventStore({ config: app });
    const began = Date.now();
    const ticking = setInterval(() => onProgress(Math.min(seconds, (Date.now() - began) / 1000), seconds), 500);

    // A reader that follows the live log must never see a hole, not even for a moment.
    const findings: string[] = [];
    let followed = 0n;
    const follower = store.subscribe({
      handle: async (batch: readonly RecordedFact[]) => {
        for (const { position } of batch) {
          followed += 1n;
          if (BigInt(position) !== followed)
            throw new Error(`I3: the live reader got ${position} where ${followed} was to come`);
        }
      },
    });
    const following = follower.done.catch((error: unknown) => void findings.push(String(error)));

    const tasks = Array.from({ length: processes }, (_, p): WriterTask => {
      const name = `p${p}`;
      const ledgerFile = path.join(dir, `${name}.json`);
      const milliseconds = seconds * 1000;
      return { name, writers: writersEach, milliseconds, seed: seed + p, sharedStreams: 12, database: app, ledgerFile };
    });
    const codes = await Promise.all(tasks.map(run));
    clearInterval(ticking);
    codes.forEach((code, p) => code === 0 || findings.push(`the writer process ${p} ended with ${code}`));
    const ledgers = tasks.map(({ ledgerFile }) => JSON.parse(readFileSync(ledgerFile, 'utf8')) as WriterLedger);
    const acknowledged = new Map<string, LedgerEntry>();
    for (const ledger of ledgers) for (const entry of ledger.acknowledged) acknowledged.set(entry.id, entry);
    findings.push(...ledgers.flatMap(({ wrong }) => wrong.slice(0, 5)));
    findings.push(...(await checkOrder(store)), ...(await checkLedger(store, acknowledged)));

    const head = BigInt((await store.head()) ?? '0');
    const patience = Date.now() + 10_000;
    while (followed < head && findings.length === 0 && Date.now() < patience)
      await new Promise((resolve) => setTimeout(resolve, 20));
    if (followed < head) findings.push(`the live reader saw ${followed} of ${head} facts`);
    await follower.stop();
    await following;
    await store.close();
    const sum = (of: (ledger: WriterLedger) => number) => ledgers.reduce((total, ledger) => total + of(ledger), 0);
    if (acknowledged.size === 0) findings.push('nothing was written');
    return {
      findings,
      counts: {
        facts: acknowledged.size,
        factsPerSecond: Math.round(acknowledged.size / seconds),
        conflicts: sum(({ conflicts }) => conflicts),
        repeats: sum(({ repeats }) => repeats),
        unavailable: sum(({ unavailable }) => unavailable),
      },
    };
  } finally {
    await postgres.stop();
  }
}

const run = (task: WriterTask): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const program = compiled('test', 'campaigns', 'writers', 'writer.js');
    const env = { ...process.env, QADAGA_WRITER_TASK: JSON.stringify(task) };
    const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('exit', resolve);
  });
