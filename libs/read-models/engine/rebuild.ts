import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { comparePositions, type EventStore, type Position, type RecordedFact } from '#libs/event-store';
import { logOrder, type DomainFact } from '../facts.js';
import { lockCheckpoints } from './checkpoint.js';
import { connect, inTransaction, locks, tryLock, type DatabaseConfig } from './connection.js';
import { ModelRun } from './model-run.js';
import type { Projection, ReadModelName } from './projection.js';
import { Stretch } from './stretch.js';

export interface RebuildProgress {
  readonly phase: 'reading' | 'indexing' | 'switching' | 'done';
  /** Facts read, by the log's own count; `total` is the head when the rebuild began. */
  readonly done: number;
  readonly total: number;
}

export interface RebuildOptions {
  /** Default: all. */
  readonly readModels?: readonly ReadModelName[];
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Ends the rebuild between two batches; what readers see stays as it is. */
  readonly signal?: AbortSignal;
}

export interface RebuildResult {
  readonly readModels: readonly ReadModelName[];
  readonly position: Position | undefined;
  readonly facts: number;
  readonly ms: number;
}

/** Another process (or this one) is rebuilding already. */
export class RebuildRunningError extends Error {
  override readonly name = 'RebuildRunningError';
}

interface RebuildParts {
  readonly config: DatabaseConfig;
  readonly store: EventStore;
  readonly projections: readonly Projection[];
  readonly rowsInMemory: number;
  readonly batchSize: number;
}

interface Built {
  readonly run: ModelRun;
  indexed: boolean;
}

/** Facts between two writes of the rows that never change again. */
const appendAtOnce = 1_000;
const switchAttempts = 30;
const lockWaitMs = 2_000;

/**
 * Folds the whole log into tables of a new generation, while readers and the projector go on with the present one, and
 * puts the new ones in their place in one transaction, at the position where the present ones are or beyond.
 * @throws RebuildRunningError; whatever else it throws leaves the present generation untouched.
 */
export async function rebuildReadModels(parts: RebuildParts, options: RebuildOptions): Promise<RebuildResult> {
  const began = performance.now();
  const client = await connect(parts.config, 'qadaga rebuild');
  try {
    if (!(await tryLock(client, locks.rebuild)))
      throw new RebuildRunningError('the read models are being rebuilt already');
    // A crash loses the new tables' last moments only, and then they are begun anew; the switch itself is durable.
    await client.query('set synchronous_commit = off');
    const projections = parts.projections.filter(
      ({ readModel }) => options.readModels === undefined || options.readModels.includes(readModel),
    );
    const built: Built[] = [];
    for (const projection of projections) built.push(await begin(client, projection, parts.rowsInMemory));
    const head = await parts.store.head();
    const total = head === undefined ? 0 : logOrder(head)[0];
    const report = (phase: RebuildProgress['phase']) => {
      const position = built[0]?.run.position;
      const done = position === undefined ? 0 : logOrder(position)[0];
      options.onProgress?.({ phase, done, total: Math.max(total, done) });
    };
    const log = new LogReader(parts.store, client, built, parts.batchSize, options.signal, () => report('reading'));
    report('reading');
    await log.readTo(head, 'appended');
    report('indexing');
    await finish(parts.config, client, built);
    report('switching');
    await switchOver(client, built, log, options.signal);
    report('done');
    return {
      readModels: projections.map(({ readModel }) => readModel),
      position: built[0]?.run.position,
      facts: log.facts,
      ms: performance.now() - began,
    };
  } finally {
    await client.end().catch(() => {});
  }
}

async function begin(client: pg.ClientBase, projection: Projection, rowsInMemory: number): Promise<Built> {
  const { rows } = await client.query<{ generation: number }>('select read.create_generation($1) as generation', [
    projection.readModel,
  ]);
  const { generation } = rows[0]!;
  const parked = new Map();
  const run = new ModelRun({ projection, generation, shadow: true, position: undefined, parked, rowsInMemory });
  return { run, indexed: false };
}

/** Reads the log into the new tables, writing one batch while the next is read and folded. */
class LogReader {
  facts = 0;
  private after: Position | undefined;
  private writing: Promise<void> = Promise.resolve();
  private toAppend = 0;
  private readonly stretch = new Stretch();

  constructor(
    private readonly store: EventStore,
    private readonly client: pg.ClientBase,
    private readonly built: readonly Built[],
    private readonly batchSize: number,
    private readonly signal: AbortSignal | undefined,
    private readonly onBatch: () => void,
  ) {}

  /** To the log's end when `upTo` is not given; everything (or but what is appended) is written when it resolves. */
  async readTo(upTo: Position | undefined, written: 'everything' | 'appended' = 'everything'): Promise<void> {
    const { store, batchSize, after } = this;
    const range = { ...(after === undefined ? {} : { after }), ...(upTo === undefined ? {} : { upTo }) };
    for await (const batch of store.readAll({ batchSize, ...range })) {
      this.signal?.throwIfAborted();
      await this.take(batch);
      this.onBatch();
    }
    await this.writing;
    for (const { run } of this.built) await run.write(this.client, this.stretch, written);
  }

  private async take(batch: readonly RecordedFact[]): Promise<void> {
    if (batch.length === 0) return;
    for (const one of this.built) {
      if (!one.run.whole) await this.writing;
      await one.run.load(this.client, batch as readonly DomainFact[]);
      await one.run.fold(batch as readonly DomainFact[], this.stretch);
      await this.makeRoom(one);
    }
    this.facts += batch.length;
    this.after = batch.at(-1)!.position;
    this.toAppend += batch.length;
    if (this.toAppend < appendAtOnce) return;
    this.toAppend = 0;
    await this.writing;
    this.writing = this.writeAppended();
    this.writing.catch(() => {});
  }

  private async writeAppended(): Promise<void> {
    for (const { run } of this.built) await run.write(this.client, this.stretch, 'appended');
  }

  /** More rows than memory may hold: they go to the table, and the table gets the keys to find them again. */
  private async makeRoom(one: Built): Promise<void> {
    if (one.run.mustWrite) {
      await this.writing;
      await index(this.client, one);
      await one.run.write(this.client, this.stretch);
    }
    one.run.makeRoom();
  }
}

async function index(client: pg.ClientBase, one: Built): Promise<void> {
  if (one.indexed) return;
  one.indexed = true;
  await client.query('select read.index_generation($1, $2)', [one.run.projection.readModel, one.run.generation]);
}

/** How long its indexes take, roughly: the timeline, written already, has a row for every fact. */
const weight = ({ run }: Built): number =>
  run.projection.tables.some(({ appendOnly }) => appendOnly) ? Number.POSITIVE_INFINITY : run.rowsHeld;

/** Writes the rows still in memory, model by model, while those written before get their indexes on a second connection. */
async function finish(config: DatabaseConfig, client: pg.ClientBase, built: readonly Built[]): Promise<void> {
  const indexer = await connect(config, 'qadaga rebuild');
  const stretch = new Stretch();
  try {
    let indexing: Promise<void> = Promise.resolve();
    const longestFirst = [...built].sort((a, b) => weight(b) - weight(a));
    for (const one of longestFirst) {
      await one.run.write(client, stretch);
      indexing = indexing.then(() => index(indexer, one));
      indexing.catch(() => {});
    }
    await indexing;
  } finally {
    await indexer.end().catch(() => {});
  }
}

async function switchOver(
  client: pg.ClientBase,
  built: readonly Built[],
  log: LogReader,
  signal: AbortSignal | undefined,
): Promise<void> {
  const models = built.map(({ run }) => run.projection.readModel);
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    await log.readTo(undefined);
    const switched = await inTransaction(client, async () => {
      await client.query(`set local synchronous_commit = on; set local lock_timeout = ${lockWaitMs}`);
      // From here the projector waits, so what is still to be read is what came since a moment ago.
      const live = await lockCheckpoints(client, models);
      const furthest = [...live.values()].reduce<Position | undefined>(
        (max, { position }) =>
          position !== undefined && (max === undefined || comparePositions(position, max) > 0) ? position : max,
        undefined,
      );
      const own = built[0]?.run.position;
      if (furthest !== undefined && (own === undefined || comparePositions(own, furthest) < 0))
        await log.readTo(furthest);
      await client.query('savepoint before_switch');
      try {
        for (const { run } of built)
          await client.query('select read.switch_generation($1, $2, $3)', [
            run.projection.readModel,
            run.generation,
            run.position ?? null,
          ]);
        return true;
      } catch (error) {
        const timedOut = (error as { code?: string }).code === '55P03';
        if (!timedOut || attempt >= switchAttempts) throw error;
        // Somebody reads a table for long: what was caught up stays, and the readers' turn comes first.
        await client.query('rollback to savepoint before_switch');
        return false;
      }
    });
    if (switched) return;
    await wait(200);
  }
}
