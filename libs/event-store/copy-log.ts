import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fact } from '#libs/kernel';
import {
  comparePositions,
  StoreUnavailableError,
  type Append,
  type EventStore,
  type Position,
  type WrittenFact,
} from './port.js';

/** A fact on its way to another log. `text` is its canonical text. */
export interface FactToCopy extends Fact {
  readonly text: string;
}

/** How many facts, and the SHA-256 (hex) of their canonical texts in order, each followed by a line feed. */
export interface LogDigest {
  readonly facts: number;
  readonly sha256: string;
}

export interface AppendedLog extends LogDigest {
  /** Of them were there before. */
  readonly known: number;
}

export interface CopiedLog extends AppendedLog {
  /** Somebody has appended to the source since the copy began; those facts are not in the target. */
  readonly sourceMovedOn: boolean;
  /** Where in the target each of the asked positions of the source is; none for those before its first fact. */
  readonly positions: ReadonlyMap<Position, Position>;
}

export interface CopyProgress {
  readonly stage: 'copying' | 'verifying';
  readonly facts: number;
  /** Of the source when copying, of the target when verifying. */
  readonly at: Position;
  readonly head: Position;
}

export interface CopyOptions {
  /** Positions of the source that somebody goes by, to be found again in the target. */
  readonly positions?: readonly Position[];
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** The target holds something else than the beginning of the source. Nothing of it was changed. */
export class LogsDifferError extends Error {
  override readonly name = 'LogsDifferError';
}

/** Facts in one step. Every engine takes that many bytes at once; a longer fact goes alone. */
const maxFacts = 1_000;
const maxBytes = 512 * 1024;
/** How long a batch is tried again when the target cannot be reached, beyond the target's own patience. */
const patienceMs = 60_000;

/**
 * Copies what is in `source` now, with the same ids, order and bytes. What `target` holds must be the beginning of the
 * source, fact by fact: so a copy that was broken off goes on, and one that is complete is checked.
 * Afterwards the whole target is read again and must have the source's digest.
 * @throws LogsDifferError, and whatever the stores throw.
 */
export async function copyLog(source: EventStore, target: EventStore, options: CopyOptions = {}): Promise<CopiedLog> {
  const { onProgress = () => {} } = options;
  const head = await source.head();
  const marks = [...(options.positions ?? [])].sort(comparePositions).map((from) => ({ from, facts: 0 }));
  const counted = async function* (): AsyncGenerator<readonly WrittenFact[]> {
    if (head === undefined) return;
    let facts = 0;
    for await (const batch of source.readWritten({ upTo: head })) {
      for (const { position } of batch) {
        facts++;
        for (const mark of marks) if (comparePositions(position, mark.from) <= 0) mark.facts = facts;
      }
      yield batch;
      onProgress({ stage: 'copying', facts, at: batch.at(-1)!.position, head });
    }
  };
  const appended = await appendLog(target, counted());

  const positions = new Map<Position, Position>();
  const digest = await digestLog(target, ({ facts, batch, head: targetHead }) => {
    for (const mark of marks) {
      const fact = batch[mark.facts - 1 - (facts - batch.length)];
      if (fact !== undefined) positions.set(mark.from, fact.position);
    }
    onProgress({ stage: 'verifying', facts, at: batch.at(-1)!.position, head: targetHead });
  });
  if (digest.facts !== appended.facts || digest.sha256 !== appended.sha256)
    throw new LogsDifferError(
      `the target reads back as ${digest.facts} facts with SHA-256 ${digest.sha256}, ` +
        `the source as ${appended.facts} with ${appended.sha256}`,
    );
  return { ...appended, positions, sourceMovedOn: (await source.head()) !== head };
}

/**
 * Appends a log in its order behind what of it `target` holds already.
 * @throws LogsDifferError when the target holds anything else, or somebody else appends to it meanwhile.
 */
export async function appendLog(target: EventStore, log: AsyncIterable<readonly FactToCopy[]>): Promise<AppendedLog> {
  const there = await existing(target);
  const hash = createHash('sha256');
  const batch = new AppendBatch(target);
  let facts = 0;
  let known = 0;
  for await (const some of log) {
    for (const fact of some) {
      const already = known === facts ? await there.next() : undefined;
      if (already === undefined) await batch.add(fact);
      else if (already.text === fact.text) known++;
      else
        throw new LogsDifferError(
          `fact ${facts + 1} of the target is ${nameOf(already)}, of the source ${nameOf(fact)}: ` +
            `the target is neither empty nor the beginning of the source`,
        );
      facts++;
    }
    hash.update(linesOf(some));
  }
  if (known === facts && (await there.next()) !== undefined)
    throw new LogsDifferError(`the target holds more than the ${facts} facts of the source`);
  await batch.flush();
  return { facts, known, sha256: hash.digest('hex') };
}

/** Reads the whole log. */
export async function digestLog(
  store: EventStore,
  onBatch: (read: {
    readonly facts: number;
    readonly batch: readonly WrittenFact[];
    readonly head: Position;
  }) => void = () => {},
): Promise<LogDigest> {
  const hash = createHash('sha256');
  let facts = 0;
  const head = await store.head();
  if (head !== undefined)
    for await (const batch of store.readWritten()) {
      facts += batch.length;
      hash.update(linesOf(batch));
      onBatch({ facts, batch, head });
    }
  return { facts, sha256: hash.digest('hex') };
}

const linesOf = (facts: readonly FactToCopy[]): string => facts.map(({ text }) => `${text}\n`).join('');
const nameOf = ({ id, stream, revision }: Fact): string => `${stream}/${revision} (${id})`;

/** The facts that are in the store now, one by one; what is appended meanwhile is not among them. */
async function existing(store: EventStore): Promise<{ next(): Promise<WrittenFact | undefined> }> {
  const head = await store.head();
  const batches = head === undefined ? undefined : store.readWritten({ upTo: head })[Symbol.asyncIterator]();
  let batch: readonly WrittenFact[] = [];
  let at = 0;
  return {
    next: async () => {
      while (batches !== undefined && at >= batch.length) {
        const read = await batches.next();
        if (read.done) return undefined;
        batch = read.value;
        at = 0;
      }
      return batch[at++];
    },
  };
}

/** Gathers facts into steps as large as they may be; those of one stream that follow each other are one append. */
class AppendBatch {
  private appends: { readonly stream: string; readonly expected: Append['expected']; readonly facts: Fact[] }[] = [];
  private facts = 0;
  private bytes = 0;

  constructor(private readonly target: EventStore) {}

  async add(fact: FactToCopy): Promise<void> {
    const bytes = Buffer.byteLength(fact.text);
    if (this.facts > 0 && (this.facts >= maxFacts || this.bytes + bytes > maxBytes)) await this.flush();
    const { stream, revision } = fact;
    const last = this.appends.at(-1);
    if (last?.stream === stream) last.facts.push(fact);
    else this.appends.push({ stream, expected: revision === 0 ? 'none' : revision - 1, facts: [fact] });
    this.facts++;
    this.bytes += bytes;
  }

  async flush(): Promise<void> {
    const appends = this.appends;
    [this.appends, this.facts, this.bytes] = [[], 0, 0];
    if (appends.length === 0) return;
    const answers = await patiently(() => this.target.appendTogether(appends));
    const conflict = answers.findIndex(({ outcome }) => outcome === 'conflict');
    if (conflict >= 0)
      throw new LogsDifferError(
        `the target's stream ${appends[conflict]!.stream} is not where the source has it: somebody else appends to the target`,
      );
  }
}

/** Appending the same facts again is safe: they are found there. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (const until = Date.now() + patienceMs; ;)
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || Date.now() > until) throw error;
      await wait(500);
    }
}
