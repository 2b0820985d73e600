import { writeFileSync } from 'node:fs';
import type { PoolConfig } from 'pg';
import { createPostgresEventStore, StoreUnavailableError, type Append, type AppendResult } from '#libs/event-store';
import { derivedId, factIdOf, instantOfMs, type FactMeta } from '#libs/kernel';
import type { LedgerEntry } from '../../support/invariants.js';
import { drawer } from '../campaign.js';

/** One process of several writers, started by the campaign: it writes for so long and then gives its ledger. */
export interface WriterTask {
  readonly name: string;
  readonly writers: number;
  readonly milliseconds: number;
  readonly seed: number;
  /** Streams all writers of all processes fight for. */
  readonly sharedStreams: number;
  readonly database: PoolConfig;
  readonly ledgerFile: string;
}

export interface WriterLedger {
  readonly acknowledged: readonly LedgerEntry[];
  readonly attempted: readonly string[];
  readonly conflicts: number;
  readonly repeats: number;
  readonly unavailable: number;
  readonly wrong: readonly string[];
}

const task = JSON.parse(process.env['QADAGA_WRITER_TASK']!) as WriterTask;
const store = createPostgresEventStore({ config: task.database });
const until = Date.now() + task.milliseconds;
const acknowledged: LedgerEntry[] = [];
const attempted: string[] = [];
const wrong: string[] = [];
let conflicts = 0;
let repeats = 0;
let unavailable = 0;

async function write(writer: string, seed: number): Promise<void> {
  const draw = drawer(seed);
  const known = new Map<string, number>();
  let last: { append: Append; answer: AppendResult } | undefined;
  for (let n = 0; Date.now() < until; n++) {
    if (last !== undefined && draw(20) === 0) await repeat(last.append, last.answer);
    const stream = draw(3) === 0 ? `case-shared-${draw(task.sharedStreams)}` : `case-${writer}-${draw(5)}`;
    const append = appendOf(stream, known.get(stream) ?? -1, `${writer}/${n}`, 1 + draw(3));
    attempted.push(...append.facts.map(({ id }) => id));
    const answer = await certainly(append);
    if (answer.outcome === 'conflict') {
      conflicts += 1;
      known.set(stream, answer.actual);
      continue;
    }
    known.set(stream, answer.revision);
    const first = answer.revision - append.facts.length + 1;
    append.facts.forEach(({ id }, k) =>
      acknowledged.push({
        id,
        stream,
        revision: first + k,
        position: String(BigInt(answer.position) - BigInt(append.facts.length - 1 - k)),
      }),
    );
    last = { append, answer };
  }
}

/** The same facts at the same revision again must get the same answer and write nothing. */
async function repeat(append: Append, before: AppendResult): Promise<void> {
  const again = await certainly(append);
  repeats += 1;
  const same =
    again.outcome === 'repeated' &&
    before.outcome !== 'conflict' &&
    again.revision === before.revision &&
    again.position === before.position;
  if (!same) wrong.push(`a repeat in ${append.stream} got ${JSON.stringify(again)} after ${JSON.stringify(before)}`);
}

/** Unknown outcomes are cleared up by asking again with the identical facts. */
async function certainly(append: Append): Promise<AppendResult> {
  for (;;) {
    try {
      return await store.append(append);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      unavailable += 1;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function appendOf(stream: string, last: number, command: string, count: number): Append {
  const commandId = derivedId(command, 'campaign');
  const meta: FactMeta = {
    commandId,
    requestHash: '00'.repeat(32),
    correlationId: commandId,
    causationId: commandId,
    actor: { kind: 'person', id: 'account-1', role: 'case-officer' },
    channel: 'api',
  };
  const recordedAt = instantOfMs(1_600_000_000_000);
  return {
    stream,
    expected: last === -1 ? 'none' : last,
    facts: Array.from({ length: count }, (_, k) => ({
      id: factIdOf(commandId, stream, k),
      type: 'NoteAdded',
      data: { caseId: commandId, noteId: commandId, text: `${command} ${k}` },
      recordedAt,
      meta,
    })),
  };
}

await Promise.all(Array.from({ length: task.writers }, (_, w) => write(`${task.name}-${w}`, task.seed * 1000 + w)));
await store.close();
const ledger: WriterLedger = { acknowledged, attempted, conflicts, repeats, unavailable, wrong };
writeFileSync(task.ledgerFile, JSON.stringify(ledger));
