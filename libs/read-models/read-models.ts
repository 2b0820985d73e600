import type pg from 'pg';
import { comparePositions, type EventStore, type Position } from '#libs/event-store';
import type { Observe, Zone } from '#libs/kernel';
import { lasting, lastingPool } from '#libs/postgres';
import { alertRegisterProjection } from './alert-register/projection.js';
import { alertQueries } from './alert-register/queries.js';
import { caseOverviewProjection } from './case-overview/projection.js';
import { caseQueries } from './case-overview/queries.js';
import { caseTimelineProjection } from './case-timeline/projection.js';
import { timelineQueries } from './case-timeline/queries.js';
import { readCheckpoints } from './engine/checkpoint.js';
import { locks, type DatabaseConfig } from './engine/connection.js';
import { listParked, type Parked } from './engine/parked.js';
import type { Projection, ProjectionContext, ReadModelName, Rules } from './engine/projection.js';
import { createProjector, type ProjectorState } from './engine/projector.js';
import { rebuildReadModels, type RebuildOptions, type RebuildResult } from './engine/rebuild.js';
import { createWaiting } from './engine/waiting.js';
import { logOrder } from './facts.js';
import { filingRegisterProjection } from './filing-register/projection.js';
import { filingQueries } from './filing-register/queries.js';
import { readModelDataSource } from './migrate.js';
import { noticeRegisterProjection } from './notice-register/projection.js';
import { noticeQueries } from './notice-register/queries.js';
import { obligationBoardProjection } from './obligation-board/projection.js';
import { obligationQueries } from './obligation-board/queries.js';
import { operatorRegisterProjection } from './operator-register/projection.js';
import { operatorQueries } from './operator-register/queries.js';

export interface ReadModelsOptions {
  /** As the application's role (`qadaga_app`). */
  readonly config: DatabaseConfig;
  /** For queries, where somebody waits for the answer: with timeouts. Default: `config`. */
  readonly askingConfig?: DatabaseConfig;
  readonly store: EventStore;
  readonly rules: Rules;
  /** The regulator's zone, e.g. `Asia/Almaty`. */
  readonly zone: Zone;
  /** For tests: other projections of the same read models. */
  readonly projections?: readonly Projection[];
  readonly onLog?: (line: string) => void;
  /** How often a standby asks for its turn, ms. Default 500. */
  readonly standbyMs?: number;
  /** Facts in one transaction at most. Default 500. */
  readonly batchSize?: number;
  /** Rows each read model may keep in memory, and in a rebuild. Default 20 000 and 100 000. */
  readonly rowsInMemory?: number;
  readonly rebuildRowsInMemory?: number;
  /** Facts a rebuild reads at a time. Default 1000: a batch that dies young costs the garbage collector least. */
  readonly rebuildBatchSize?: number;
  readonly observe?: Observe;
  /** Whether this process's projector may work on the tables; see `ProjectorOptions`. */
  readonly mayProject?: () => Promise<void>;
}

export interface ReadModelLag {
  readonly readModel: ReadModelName;
  readonly generation: number;
  readonly position: Position | undefined;
  /** How much is still to be folded, by the log's own count: facts, and on KurrentDB bytes of its log. */
  readonly behind: number;
  readonly updatedAt: Date;
  readonly parked: number;
}

export interface Lag {
  readonly head: Position | undefined;
  readonly readModels: readonly ReadModelLag[];
  /** This process's projector. */
  readonly projector: ProjectorState;
  /** Whether any process's projector holds the lock. */
  readonly projectorActive: boolean;
}

export const createProjections = (context: ProjectionContext): readonly Projection[] => [
  caseOverviewProjection(context),
  filingRegisterProjection(),
  obligationBoardProjection(context),
  alertRegisterProjection(),
  noticeRegisterProjection(context),
  operatorRegisterProjection(),
  caseTimelineProjection(context),
];

export type ReadModels = Awaited<ReturnType<typeof createReadModels>>;

/**
 * The read models of one process: a projector (which stands by while another process's is active), the queries, and
 * what an administrator does with them. The schema must be up to date (`migrateReadModels`).
 */
export async function createReadModels(options: ReadModelsOptions) {
  const { config, store, onLog = () => {} } = options;
  const projections = options.projections ?? createProjections(options);
  const { askingConfig = config } = options;
  const source = await readModelDataSource(config, {
    extra: { ...askingConfig, max: 10, options: '-c timezone=UTC', application_name: 'qadaga queries' },
  } as object).initialize();
  lasting((source.driver as unknown as { readonly master: pg.Pool }).master);
  const pool = lastingPool({ ...askingConfig, max: 3, application_name: 'qadaga read models' }, (error) =>
    onLog(`read models: ${error.message}`),
  );

  const waiting = createWaiting(pool, () => projector.state() === 'active');
  const projector = createProjector({
    config,
    store,
    projections,
    onLog,
    onPassed: waiting.passed,
    standbyMs: options.standbyMs ?? 500,
    batchSize: options.batchSize ?? 500,
    rowsInMemory: options.rowsInMemory ?? 20_000,
    ...(options.observe ? { observe: options.observe } : {}),
    ...(options.mayProject ? { mayLead: options.mayProject } : {}),
  });

  const cases = caseQueries(source);
  const obligations = obligationQueries(source);
  const notices = noticeQueries(source);

  return {
    projector: {
      start: projector.start,
      stop: projector.stop,
      state: projector.state,
      outdated: projector.outdated,
    },
    queries: {
      cases,
      filings: filingQueries(source),
      obligations,
      alerts: alertQueries(source),
      notices,
      operators: operatorQueries(source),
      timeline: timelineQueries(source),
    },
    /** What the deadline engine has to look at by a given instant; the cost is what is due, not what exists. */
    due: { obligations: obligations.due, cases: cases.due, notices: notices.due },
    /** True when every read model has passed `position`, false when they had not within `timeoutMs`. */
    waitFor: waiting.waitFor,

    rebuild: (rebuild: RebuildOptions = {}): Promise<RebuildResult> =>
      rebuildReadModels(
        {
          config,
          store,
          projections,
          rowsInMemory: options.rebuildRowsInMemory ?? 100_000,
          batchSize: options.rebuildBatchSize ?? 1_000,
        },
        rebuild,
      ),

    listParked: (): Promise<readonly Parked[]> => listParked(pool),

    /**
     * Asks whichever projector is active to fold the parked units anew, and waits for it.
     * @returns how many are free again and how many stay parked (all of them when no projector answered in time).
     */
    async retryParked(timeoutMs = 10_000): Promise<{ readonly freed: number; readonly parked: number }> {
      const before = (await listParked(pool)).length;
      await pool.query('update read.parked set retry_requested_at = clock_timestamp()');
      projector.poke();
      const until = Date.now() + timeoutMs;
      for (;;) {
        const { rows } = await pool.query<{ asked: string }>(
          'select count(*) as asked from read.parked where retry_requested_at is not null',
        );
        if (rows[0]!.asked === '0' || Date.now() >= until) break;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      const parked = (await listParked(pool)).length;
      return { freed: before - parked, parked };
    },

    async lag(): Promise<Lag> {
      const [head, checkpoints, parked, active] = await Promise.all([
        store.head(),
        readCheckpoints(pool),
        listParked(pool),
        pool.query(
          `select 1 from pg_locks where locktype = 'advisory' and classid = $1 and objid = $2 and granted
          and database = (select oid from pg_database where datname = current_database())`,
          [locks.space, locks.projector],
        ),
      ]);
      return {
        head,
        readModels: checkpoints.map(({ readModel, generation, position, updatedAt }) => ({
          readModel,
          generation,
          position,
          behind: factsBehind(head, position),
          updatedAt,
          parked: parked.filter((one) => one.readModel === readModel).length,
        })),
        projector: projector.state(),
        projectorActive: active.rowCount! > 0,
      };
    },

    /** For `@nestjs/typeorm` and tests: the data source the queries use. */
    source,

    async close(): Promise<void> {
      await projector.stop();
      waiting.close();
      await Promise.all([pool.end(), source.destroy()]);
    },
  };
}

/** Facts after `position`, by the log's own count. */
export function factsBehind(head: Position | undefined, position: Position | undefined): number {
  if (head === undefined || (position !== undefined && comparePositions(position, head) >= 0)) return 0;
  return logOrder(head)[0] - (position === undefined ? 0 : logOrder(position)[0]);
}
