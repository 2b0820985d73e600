import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import { OutdatedError, unobserved, type Observe } from '#libs/kernel';
import { comparePositions, type EventStore, type Position, type RecordedFact } from '#libs/event-store';
import type { DomainFact } from '../facts.js';
import { lockCheckpoints, readCheckpoints, writeCheckpoints, type Checkpoint } from './checkpoint.js';
import { connect, inTransaction, locks, together, tryLock, type DatabaseConfig } from './connection.js';
import { ModelRun } from './model-run.js';
import { loadParked } from './parked.js';
import type { Projection } from './projection.js';
import { refoldRequested } from './refold.js';
import { Stretch } from './stretch.js';

export type ProjectorState = 'stopped' | 'standby' | 'active';

export interface ProjectorOptions {
  readonly config: DatabaseConfig;
  readonly store: EventStore;
  readonly projections: readonly Projection[];
  /** After each committed batch: the position that every read model has passed. */
  readonly onPassed: (position: Position) => void;
  readonly onLog: (line: string) => void;
  /** How often a standby asks for the lock, ms. */
  readonly standbyMs: number;
  readonly batchSize: number;
  readonly rowsInMemory: number;
  readonly observe?: Observe;
  /**
   * Asked when it is this process's turn to project, and every second while it does.
   * @throws OutdatedError when the tables are a newer release's
   */
  readonly mayLead?: () => Promise<void>;
}

export interface Projector {
  /** Returns at once; resolves nothing about being active, see `state`. */
  start(): void;
  /** Resolves when the running batch is committed and the lock is free. */
  stop(): Promise<void>;
  state(): ProjectorState;
  /** Why this process projects no more: it met what only a newer release knows. It stands by until it is replaced. */
  outdated(): OutdatedError | undefined;
  /** Looks for requested retries of parked units now instead of within a second. */
  poke(): void;
}

const retryLookMs = 1_000;
const failurePauseMs = 250;
const longestRestMs = 20;
/** Rows of a batch are read and written in far less. */
const longestStatementMs = 30_000;
const silenceMs = 4_000;

export function createProjector(options: ProjectorOptions): Projector {
  const { config, onLog, standbyMs, mayLead } = options;
  let state: ProjectorState = 'stopped';
  let outdated: OutdatedError | undefined;
  let stopping: AbortController | undefined;
  let running: Promise<void> | undefined;
  let poke: (() => void) | undefined;

  async function serve(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && outdated === undefined) {
      state = 'standby';
      let client: pg.Client | undefined;
      try {
        client = await connect(config, 'qadaga projector', { pipeline: true, answerMs: longestStatementMs });
        // Units are always found by a key; a plan made while a table was small must hold when it has grown.
        // A projector says something every second; from one that stands still PostgreSQL takes the lock.
        await client.query(
          `set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set tcp_user_timeout = ${silenceMs};
           set idle_session_timeout = ${silenceMs}; set idle_in_transaction_session_timeout = ${silenceMs}`,
        );
        const lost = connectionEnd(client);
        while (!signal.aborted && !(await tryLock(client, locks.projector))) await pause(standbyMs, signal);
        if (signal.aborted) break;
        await mayLead?.();
        state = 'active';
        onLog('projector is active');
        await hold(options, client, lost, signal, (look) => (poke = look));
      } catch (error) {
        if (error instanceof OutdatedError) outdated = error;
        state = 'standby';
        if (!signal.aborted) onLog(`projector stands down: ${String(error)}`);
        if (outdated === undefined) await pause(failurePauseMs, signal);
      } finally {
        poke = undefined;
        await client?.end().catch(() => {});
      }
    }
  }

  return {
    start() {
      if (running !== undefined) return;
      stopping = new AbortController();
      running = serve(stopping.signal);
    },
    async stop() {
      stopping?.abort();
      await running;
      running = undefined;
      state = 'stopped';
    },
    state: () => state,
    outdated: () => outdated,
    poke: () => poke?.(),
  };
}

const pause = (ms: number, signal: AbortSignal) => wait(ms, undefined, { signal }).catch(() => {});

function connectionEnd(client: pg.Client): Promise<never> {
  const end = new Promise<never>((_, reject) => {
    client.once('end', () => reject(new Error('the connection that holds the lock ended')));
  });
  end.catch(() => {});
  return end;
}

/**
 * Follows the log for as long as the connection, and with it the lock, lasts. Rows, checkpoints and lock live on one
 * connection: who has lost the lock cannot write.
 */
async function hold(
  options: ProjectorOptions,
  client: pg.Client,
  lost: Promise<never>,
  signal: AbortSignal,
  listen: (look: () => void) => void,
): Promise<void> {
  const { observe = unobserved } = options;
  const runs = new Map<string, ModelRun>();
  const start = async (projection: Projection, checkpoint: Checkpoint) => {
    const { generation, position } = checkpoint;
    const parked = await loadParked(client, projection.readModel, generation);
    const { rowsInMemory } = options;
    const run = new ModelRun({ projection, generation, shadow: false, position, parked, rowsInMemory });
    runs.set(projection.readModel, run);
  };
  const startAll = async () => {
    for (const checkpoint of await readCheckpoints(client)) {
      const projection = options.projections.find(({ readModel }) => readModel === checkpoint.readModel);
      if (projection !== undefined) await start(projection, checkpoint);
    }
  };
  await startAll();
  const models = options.projections.map(({ readModel }) => readModel);
  const oneByOne = queue();

  /** False when another generation was switched in, or someone else wrote. */
  const agrees = (now: ReadonlyMap<string, Checkpoint>): boolean =>
    models.every((name) => {
      const [checkpoint, run] = [now.get(name)!, runs.get(name)!];
      return checkpoint.generation === run.generation && checkpoint.position === run.position;
    });

  /** Two trips to PostgreSQL and the commit: the lock and everything that is to be loaded, everything that is to be written. */
  async function applyBatch(batch: readonly RecordedFact[]): Promise<void> {
    const facts = batch as readonly DomainFact[];
    const last = facts.at(-1)!.position;
    const stretch = new Stretch();
    for (;;) {
      const moving = [...runs.values()].filter(({ position }) => isBefore(position, last));
      if (moving.length === 0) return;
      const moved = moving.map((run) => run.projection.readModel);
      const done = await inTransaction(client, async () => {
        let now: ReadonlyMap<string, Checkpoint> = new Map();
        await together(client, [
          async () => (now = await lockCheckpoints(client, models)),
          ...moving.map((run) => () => run.load(client, facts)),
        ]);
        if (!agrees(now)) return false;
        for (const run of moving) await run.fold(facts, stretch);
        await together(client, [
          ...moving.map((run) => () => run.write(client, stretch)),
          () => writeCheckpoints(client, moved, last),
        ]);
        return true;
      });
      if (done) {
        for (const run of moving) run.makeRoom();
        break;
      }
      // The rows in memory are of another generation: every run begins anew from its tables.
      await startAll();
    }
    options.onPassed(lowest(runs.values())!);
  }

  /** After a small batch the projector rests as long as it worked: the next is larger then, and a fact costs less. */
  async function handle(batch: readonly RecordedFact[]): Promise<void> {
    if (batch.length === 0) return;
    const began = performance.now();
    await observe(projectionOf(batch), () => oneByOne(() => applyBatch(batch)));
    if (batch.length < options.batchSize) await pause(Math.min(longestRestMs, performance.now() - began), signal);
  }

  const refold = () => oneByOne(() => refoldRequested(client, options.store, runs));
  const first = lowest(runs.values());
  if (first !== undefined) options.onPassed(first);
  const subscription = options.store.subscribe({
    ...(first === undefined ? {} : { after: first }),
    batchSize: options.batchSize,
    handle,
  });
  let fail: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => {});
  const look = () => void Promise.all([refold(), options.mayLead?.()]).catch(fail);
  listen(look);
  look();
  const looking = setInterval(look, retryLookMs);
  looking.unref();
  const asked = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([subscription.done, lost, failed, asked]);
  } finally {
    clearInterval(looking);
    await subscription.stop().catch(() => {});
    await oneByOne(() => Promise.resolve()).catch(() => {});
  }
}

const projectionOf = (batch: readonly RecordedFact[]) =>
  ({ kind: 'projection', name: 'read-models', origins: batch, facts: batch.length }) as const;

const isBefore = (position: Position | undefined, other: Position) =>
  position === undefined || comparePositions(position, other) < 0;

/** What every run has passed. */
function lowest(runs: Iterable<ModelRun>): Position | undefined {
  let found: Position | undefined;
  let first = true;
  for (const { position } of runs) {
    if (position === undefined) return undefined;
    if (first || comparePositions(position, found!) < 0) found = position;
    first = false;
  }
  return found;
}

/** Runs what it is given one after the other; a failure is its caller's and does not stop the next. */
function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = tail.then(work, work);
    tail = result.catch(() => {});
    return result;
  };
}
