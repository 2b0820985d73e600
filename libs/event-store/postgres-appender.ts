import { setTimeout as wait } from 'node:timers/promises';
import { copyField } from '#libs/postgres';
import type { EncodedAppend } from './codec.js';
import { KnownRevisions } from './known-revisions.js';
import { findCollision, isConnectionLoss, type Statement, type WriterConnection } from './postgres-connection.js';
import {
  addBehindSql,
  addBulkSql,
  addManySql,
  addOneSql,
  appendManySql,
  appendTogetherSql,
} from './postgres-schema.js';
import { StoreUnavailableError } from './port.js';

const addOne: Statement = { name: 'log-add-one', text: addOneSql };
const addMany: Statement = { name: 'log-add-many', text: addManySql };
const addBehind: Statement = { name: 'log-add-behind', text: addBehindSql };
const many: Statement = { name: 'log-append-many', text: appendManySql };
const manyLocked: Statement = {
  name: 'log-append-many-locked',
  text: 'select base, actuals from log.append_many_locked($1, $2, $3, $4, $5, $6, $7)',
};
const together: Statement = { name: 'log-append-together', text: appendTogetherSql };
const togetherLocked: Statement = {
  name: 'log-append-together-locked',
  text: 'select base, wrong from log.append_together_locked($1, $2, $3, $4, $5, $6, $7, $8, $9)',
};

/** Where the facts went: the position of the last one of each append; or that the streams were not where expected. */
export type Written = readonly number[] | 'refused';

interface Entry {
  /** One append, or several that go together. */
  readonly appends: readonly EncodedAppend[];
  readonly facts: number;
  readonly together: boolean;
  readonly deadline: number;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: unknown) => void;
}

export interface AppenderOptions {
  readonly timeoutMs: number;
  readonly onCommitted: (lastPosition: number) => void;
}

const maxBatchFacts = 512;
/** So many entries are worth a statement of their own behind the one under way. */
const worthFollowing = 4;
const lockedForMs = 1_000;
/** From so many facts in one step on they go in by COPY, each encoded while the engine stores those before it. */
export const bulkFacts = 256;

/**
 * Gathers the appends that arrive while a batch commits and writes each batch by one statement; under load a second
 * one is on its way while the first is being stored. While this process
 * writes alone no lock is taken. After a collision with another process, appends go through the log's lock until the
 * others have been silent for a second: waiting in line is cheaper than colliding again.
 */
export class Appender {
  readonly #connection: WriterConnection;
  readonly #options: AppenderOptions;
  readonly #revisions = new KnownRevisions();
  #queue: Entry[] = [];
  #running: Promise<void> | undefined;
  #lockedUntil = 0;
  /** The last position of the log after our last statement, in `#session`. */
  #last = 0;
  #session = 0;
  #lastBatch = 0;
  #underWay = 0;
  #changed: (() => void) | undefined;
  /** The statement under way that goes by what is known, when a second one may be sent behind it before it is answered. */
  #ahead: { readonly session: number; readonly last: number } | undefined;

  constructor(connection: WriterConnection, options: AppenderOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  append(append: EncodedAppend): Promise<Written> {
    return this.#enqueue([append], append.count, false);
  }

  appendTogether(appends: readonly EncodedAppend[]): Promise<Written> {
    return this.#enqueue(
      appends,
      appends.reduce((sum, { count }) => sum + count, 0),
      true,
    );
  }

  /** Somebody has seen this revision of the stream. */
  seen(stream: string, revision: number): void {
    this.#revisions.note(stream, revision);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #enqueue(appends: readonly EncodedAppend[], facts: number, isTogether: boolean): Promise<Written> {
    return new Promise((resolve, reject) => {
      // Bulk takes longer by itself, at least a thousand facts a second on the slowest disk.
      const deadline = Date.now() + this.#options.timeoutMs + facts;
      this.#queue.push({ appends, facts, together: isTogether, deadline, resolve, reject });
      this.#running ??= this.#drain();
      if (this.#underWay === 1 && this.#queue.length >= worthFollowing) this.#changed?.();
    });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#underWay > 0) {
      if (this.#underWay === 2 || (this.#underWay === 1 && this.#queue.length < worthFollowing)) {
        await this.#change();
        continue;
      }
      // Writers that were answered a moment ago come back within this turn of the loop; they go into this batch. One
      // that writes alone need not wait for others.
      if (this.#queue.length > 1 || this.#lastBatch > 1) await new Promise(setImmediate);
      if (this.#queue.length === 0) continue;
      const batch = this.#takeBatch(this.#underWay === 0);
      this.#lastBatch = batch.length;
      while (this.#underWay > 0 && !this.#canFollow(batch)) await this.#change();
      this.#underWay++;
      void this.#commit(batch).then(() => {
        this.#underWay--;
        this.#changed?.();
      });
    }
    this.#running = undefined;
  }

  /** Resolves when a batch has ended, or enough entries wait for another to be sent behind it. */
  #change(): Promise<void> {
    return new Promise((resolve) => (this.#changed = resolve));
  }

  /** Where many wait and nothing is under way, half of them go first: one half is made while the engine stores the other. */
  #takeBatch(isFirst: boolean): Entry[] {
    const queue = this.#queue;
    const first = queue[0]!;
    if (first.together) {
      queue.shift();
      return [first];
    }
    if (queue.length === 1) {
      this.#queue = [];
      return [first];
    }
    const most = isFirst && queue.length >= 2 * worthFollowing ? queue.length / 2 : Infinity;
    const batch: Entry[] = [];
    const later: Entry[] = [];
    const streams = new Set<string>();
    let facts = 0;
    for (let n = 0; n < queue.length; n++) {
      const entry = queue[n]!;
      // In the statement's snapshot a stream has one end, so a second append to it waits; and what goes together goes alone.
      if (entry.together || batch.length >= most || (facts > 0 && facts + entry.facts > maxBatchFacts)) {
        for (; n < queue.length; n++) later.push(queue[n]!);
      } else if (streams.has(entry.appends[0]!.stream)) later.push(entry);
      else {
        streams.add(entry.appends[0]!.stream);
        batch.push(entry);
        facts += entry.facts;
      }
    }
    this.#queue = later;
    return batch;
  }

  /**
   * Whether the batch may be sent behind the one under way. Its statement asks for the last fact of that one, so it
   * adds nothing if that one did not.
   */
  #canFollow(batch: readonly Entry[]): boolean {
    return (
      this.#ahead?.session === this.#connection.session &&
      batch.every(({ appends, facts }) => facts < bulkFacts && this.#isKnown(appends))
    );
  }

  async #commit(batch: Entry[]): Promise<void> {
    let trusting = true;
    for (let attempt = 0; batch.length > 0;) {
      try {
        const until = batch.reduce((latest, { deadline }) => Math.max(latest, deadline), 0);
        const written = await this.#write(batch, until, trusting);
        for (let n = 0; n < batch.length; n++) batch[n]!.resolve(written[n]!);
        return;
      } catch (error) {
        const collision = findCollision(error);
        if (collision !== undefined) {
          trusting = false;
          if (collision === 'position') this.#lockedUntil = Date.now() + lockedForMs;
          batch = this.#withoutExpired(batch, error);
        } else if (isConnectionLoss(error)) {
          // It may have been committed. Trying again is safe: then the streams are not where expected, and the caller
          // of the appender finds its own facts there.
          trusting = false;
          batch = this.#withoutExpired(batch, error);
          this.#queue = this.#withoutExpired(this.#queue, error);
          if (batch.length > 0) await wait(Math.min(250, 5 * 2 ** attempt++));
        } else if (batch.length > 1) {
          // The engine refuses something in it; the others shall not suffer.
          for (const entry of batch) await this.#commit([entry]);
          return;
        } else {
          batch[0]!.reject(error);
          return;
        }
      }
    }
  }

  #withoutExpired(entries: Entry[], cause: unknown): Entry[] {
    const now = Date.now();
    for (const entry of entries)
      if (entry.deadline <= now)
        entry.reject(new StoreUnavailableError('it is not known whether the facts were appended', { cause }));
    return entries.filter(({ deadline }) => deadline > now);
  }

  async #write(batch: readonly Entry[], until: number, trusting: boolean): Promise<Written[]> {
    const isLocked = this.#lockedUntil > 0 && this.#isLocked();
    const session = this.#connection.session;
    if (session !== this.#session) {
      [this.#session, trusting] = [session, false];
      this.#revisions.clear();
    }
    if (trusting && !isLocked && batch.every(({ appends }) => this.#isKnown(appends))) return this.#add(batch, until);
    const [first] = batch as [Entry];
    if (first.together) return [await this.#writeTogether(first, isLocked, until)];
    return this.#writeMany(batch, isLocked, until);
  }

  /** Whether every revision expected is there for certain, or comes with an append before. */
  #isKnown(appends: readonly EncodedAppend[]): boolean {
    if (appends.length === 1) return this.#revisions.has(appends[0]!.stream, appends[0]!.first - 1);
    const ends = new Map<string, number>();
    for (const { stream, first, count } of appends) {
      if ((ends.get(stream) ?? first) !== first || (!ends.has(stream) && !this.#revisions.has(stream, first - 1)))
        return false;
      ends.set(stream, first + count);
    }
    return true;
  }

  #isLocked(): boolean {
    if (Date.now() <= this.#lockedUntil) return true;
    this.#lockedUntil = 0;
    return false;
  }

  /** Everything the batch goes by is known; should another process have been faster, a unique key stops it. */
  async #add(batch: readonly Entry[], until: number): Promise<Written[]> {
    const behind = this.#ahead !== undefined;
    const base = this.#ahead?.last ?? this.#last;
    const added = batch.reduce((sum, { facts }) => sum + facts, 0);
    const [first] = batch as [Entry];
    if (first.facts >= bulkFacts) await this.#connection.copy(addBulkSql, linesOf(first.appends, base), until);
    else {
      const ahead = { session: this.#session, last: base + added };
      this.#ahead = ahead;
      try {
        await this.#connection.run(...addition(batch, base, behind), until);
      } finally {
        if (this.#ahead === ahead) this.#ahead = undefined;
      }
    }
    let position = base;
    const written = batch.map(({ appends }) => appends.map(({ count }) => (position += count)));
    for (const { appends } of batch) for (const append of appends) this.#noteEnd(append);
    this.#committed(base, added);
    return written;
  }

  async #writeMany(batch: readonly Entry[], isLocked: boolean, until: number): Promise<Written[]> {
    const appends = batch.map(({ appends: [append] }) => append!);
    const [[base, actuals] = []] = await this.#connection.run(
      isLocked ? manyLocked : many,
      parametersOf(appends, this.#last),
      until,
    );
    const last = (actuals as string).split(',');
    let position = Number(base);
    let fact = 0;
    const written = appends.map(({ first, count }): Written => {
      const isAdded = Number(last[fact]) === first - 1;
      fact += count;
      if (!isAdded) return 'refused';
      position += count;
      return [position];
    });
    appends.forEach((append, n) => written[n] !== 'refused' && this.#noteEnd(append));
    this.#committed(Number(base), position - Number(base));
    return written;
  }

  async #writeTogether({ appends, facts }: Entry, isLocked: boolean, until: number): Promise<Written> {
    const expected = new Map<string, number>();
    for (const { stream, first } of appends) if (!expected.has(stream)) expected.set(stream, first - 1);
    const values = [
      ...parametersOf(appends, this.#last),
      [...expected.keys()].join('\n'),
      [...expected.values()].join(','),
    ];
    const [row = []] = await this.#connection.run(isLocked ? togetherLocked : together, values, until);
    const [base, wrong] = row.map(Number);
    this.#committed(base!, wrong === 0 ? facts : 0);
    if (wrong !== 0) return 'refused';
    for (const append of appends) this.#noteEnd(append);
    let position = base!;
    return appends.map(({ count }) => (position += count));
  }

  #noteEnd({ stream, first, count }: EncodedAppend): void {
    this.#revisions.note(stream, first + count - 1);
  }

  #committed(base: number, added: number): void {
    // Somebody else is writing: stay in line with them.
    if (this.#lockedUntil > 0 && base !== this.#last) this.#lockedUntil = Date.now() + lockedForMs;
    this.#last = base + added;
    if (added > 0) this.#options.onCommitted(base + added);
  }
}

function addition(batch: readonly Entry[], base: number, behind: boolean): [Statement, string[]] {
  const appends = batch.flatMap((entry) => entry.appends);
  const [{ stream, facts }] = appends as [EncodedAppend];
  if (behind || appends.length > 1 || facts.length > 1)
    return [behind ? addBehind : addMany, parametersOf(appends, base)];
  const { id, revision, type, body } = facts[0]!;
  return [addOne, [stream, String(revision), id, type, body, String(base)]];
}

/** Rows for `addBulkSql`; a fact is encoded when its line is. */
function* linesOf(appends: readonly EncodedAppend[], base: number): Iterable<string> {
  let position = base;
  for (const append of appends) {
    const stream = copyField(append.stream);
    for (const { revision, id, type, body } of append.facts)
      yield `${++position}\t${stream}\t${revision}\t${id}\t${copyField(type)}\t${copyField(body)}\n`;
  }
}

/** Names hold no line break and canonical JSON has none, so joining keeps them apart. */
function parametersOf(appends: readonly EncodedAppend[], hint: number): string[] {
  const streams: string[] = [];
  const firsts: number[] = [];
  const revisions: number[] = [];
  const ids: string[] = [];
  const types: string[] = [];
  const bodies: string[] = [];
  for (const { stream, first, facts } of appends)
    for (const { id, revision, type, body } of facts) {
      streams.push(stream);
      firsts.push(first);
      revisions.push(revision);
      ids.push(id);
      types.push(type);
      bodies.push(body);
    }
  return [
    streams.join('\n'),
    firsts.join(','),
    revisions.join(','),
    ids.join(','),
    types.join('\n'),
    bodies.join('\n'),
    String(hint),
  ];
}
