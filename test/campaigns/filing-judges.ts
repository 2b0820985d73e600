import pg from 'pg';
import type { OpenedHouse } from '#libs/assembly';
import type { EventStore } from '#libs/event-store';
import { checkDeadlines, checkEffects, checkOrder, checkReadModels } from '../support/invariants.js';
import type { Load, Sent } from './filing-load.js';

/** The house that the load was sent to, for its judges. */
export type Open = (projector: boolean) => Promise<OpenedHouse>;

/** Some of the ledger once more: the same key and body give the same answer. */
export async function repeated(load: Load, draw: (below: number) => number): Promise<string[]> {
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

/** Within a minute and a half of the last command every notice of what was filed lies in the energy body's inbox. */
export async function settled(open: Open, ledger: readonly Sent[], findings: string[]): Promise<number> {
  const joined = await open(false);
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

/** I1 to I5 and I7, when nobody writes any more. */
export async function judged(open: Open, ledger: readonly Sent[], findings: string[]) {
  const opened = await open(true);
  try {
    const { store, readModels, databases } = opened;
    await opened.catchUp();
    const counted = opened.config.eventStore === undefined;
    findings.push(...(await checkOrder(store, counted)), ...(await acknowledgedOnce(store, ledger)));
    findings.push(...(await checkEffects(store)));
    const deadlines = await checkDeadlines(store);
    findings.push(...deadlines.findings);
    const pool = new pg.Pool({ ...databases.owner!, max: 2 });
    try {
      const { rows } = await pool.query<{ parked: string }>('select count(*) as parked from engine.parked');
      if (rows[0]!.parked !== '0') findings.push(`${rows[0]!.parked} facts are parked in the policies`);
      findings.push(...(await checkReadModels(pool, () => readModels.rebuild())));
    } finally {
      await pool.end();
    }
    const parked = await readModels.listParked();
    if (parked.length > 0) findings.push(`${parked.length} units are parked: ${JSON.stringify(parked[0])}`);
    return { facts: await factsIn(store), deadlines: deadlines.checked };
  } finally {
    await opened.close();
  }
}

async function factsIn(store: EventStore): Promise<number> {
  let count = 0;
  for await (const batch of store.readAll()) count += batch.length;
  return count;
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
