import { existsSync, mkdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg, { type ClientConfig } from 'pg';
import { accountToDropTo, type Account } from './account.js';
import { findBinaries, type Binaries } from './binaries.js';
import { clearOrphan, connectionTo, databaseName, ensureDatabase, ensureRoles, initializeCluster } from './cluster.js';
import {
  findConnection,
  findLiveOwner,
  forgetConnection,
  otherUsers,
  ourMark,
  writeConnection,
} from './connection-file.js';
import { startAndKeep, type Kept, type KeepOptions } from './keeper.js';
import { holdLifeline, removeLifeline, type Lifeline } from './lifeline.js';
import { chooseDataPlace, findDataPlace, reachableRoots, recordDataPlace, type DataPlace } from './places.js';
import { credentialsOf, type DatabaseUser } from './secrets.js';
import { underStartLock } from './start-lock.js';

export interface EmbeddedOptions {
  /** Qadaga's directory; the data goes into `<home>/postgres`, passwords into `<home>/secrets`. Made when missing. */
  readonly home: string;
  /** PostgreSQL settings over ours. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** False: no fsync, a power cut may destroy the data. Default true. */
  readonly durable?: boolean;
  /** The data is removed when PostgreSQL stops, and PostgreSQL is not started again when it dies; for tests. */
  readonly throwAway?: boolean;
  /** A fixed port; default a free one. */
  readonly port?: number;
  readonly onLog?: (text: string) => void;
  /** Where the data may go when the account PostgreSQL must run under (we being root) cannot enter the home. */
  readonly roots?: readonly string[];
}

export interface EmbeddedPostgres {
  readonly port: number;
  /** True when another process owns the server. */
  readonly joined: boolean;
  /** What an administrator should know: data or programs that had to be kept elsewhere. */
  readonly notes: readonly string[];
  /** For a `pg` Client or Pool. Default: database `qadaga`, user `app`. */
  config(database?: string, user?: DatabaseUser): EmbeddedConfig;
  /** Leaves PostgreSQL to the others that use it, or stops it when there are none. Close pools before. */
  stop(): Promise<void>;
}

export type EmbeddedConfig = Required<Pick<ClientConfig, 'host' | 'port' | 'database' | 'user'>> & {
  readonly password: string;
};

/** This home's PostgreSQL is run by another living process (or by this one already); see `joinOrStartEmbedded`. */
export class EmbeddedInUseError extends Error {
  override readonly name = 'EmbeddedInUseError';
}

export const startLockOf = (home: string) => path.join(home, 'postgres-start.lock');

/** Makes the home; root's must let the account PostgreSQL runs under pass through, its secrets are 0600 or deeper. */
export function homeDirectory(home: string): string {
  mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  return realpathSync(home);
}

/**
 * Starts the PostgreSQL of `home`, making its data at the first start: database `qadaga`, roles for `owner` and `app`.
 * It stops by itself when this process and all that joined it are dead, and is started again on the same port when it
 * dies itself.
 * @throws EmbeddedInUseError when it already runs for a living process.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const home = homeDirectory(options.home);
  return underStartLock(startLockOf(home), 60_000, () => {
    const owner = findLiveOwner(home);
    if (owner !== undefined)
      throw new EmbeddedInUseError(`the PostgreSQL of ${home} already runs for process ${owner.pid}`);
    return startUnderLock({ ...options, home });
  });
}

/** The caller holds the home's start lock and has seen that no living process owns the server. */
export async function startUnderLock(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { home, durable = true, throwAway = false } = options;
  const ground = groundOf(options);
  const { binaries, account, place } = ground;
  const exists = existsSync(path.join(place.directory, 'PG_VERSION'));
  refuseForeignData(place.directory, exists);
  if (exists && throwAway) throw new Error(`${place.directory} holds data already; it is not for throwing away`);
  const credentials = credentialsOf(home, exists);
  if (!exists)
    await initializeCluster({
      binaries,
      dataDirectory: place.directory,
      account,
      superuser: credentials.superuser,
      durable,
    });
  recordDataPlace(home, place);
  await clearOrphan(place.directory);
  // Nobody keeps a throw-away server alive but the process that started it.
  const lifeline = throwAway ? undefined : holdLifeline(home);
  const server = await startAndKeep(keepOptions(options, ground, lifeline, options.port));
  try {
    const client = new pg.Client(connectionTo(server.port, credentials, 'postgres', 'superuser'));
    await client.connect();
    try {
      await ensureRoles(client, credentials);
      await ensureDatabase(client, credentials, databaseName);
    } finally {
      await client.end();
    }
    writeConnection(home, { ...ourMark(), port: server.port, credentials, lasting: !throwAway, users: [] });
  } catch (error) {
    await server.stop();
    lifeline?.release();
    throw error;
  }
  return {
    port: server.port,
    joined: false,
    notes: ground.notes,
    config: (database = databaseName, user = 'app') => connectionTo(server.port, credentials, database, user),
    stop: async () => {
      if (throwAway) {
        // First forgotten, then stopped: nobody joins a server that is going.
        forgetConnection(home);
        await server.stop();
        rmSync(place.directory, { recursive: true, force: true });
      } else await leaveOrStop(home, server, lifeline);
    },
  };
}

/** What an owner that ends does: it leaves the server to the next process that uses it, or stops it when there is none. */
export async function leaveOrStop(home: string, server: Kept, lifeline: Lifeline | undefined): Promise<void> {
  await underStartLock(startLockOf(home), 60_000, async () => {
    const connection = findConnection(home);
    const [next, ...users] = lifeline && connection ? otherUsers(connection) : [];
    if (next && connection) {
      writeConnection(home, { ...connection, ...next, users });
      server.leave();
    } else {
      forgetConnection(home);
      await server.stop();
      removeLifeline(home);
    }
    lifeline?.release();
  });
}

/** Programs, account and data directory of a home, as they were chosen at its first start or are to be now. */
export interface Ground {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly place: DataPlace;
  readonly notes: readonly string[];
}

export function groundOf({ home, roots }: EmbeddedOptions): Ground {
  const found = findDataPlace(home);
  const account = accountToDropTo(found && statSync(found.directory));
  const { binaries, note } = findBinaries(account);
  const place = found ?? chooseDataPlace(home, account, roots ?? reachableRoots(home));
  const notes = [
    ...(note === undefined ? [] : [note]),
    ...(place.record === undefined
      ? []
      : [`PostgreSQL runs as ${account?.name}, who cannot enter ${home}: its data is in ${place.directory}`]),
  ];
  return { binaries, account, place, notes };
}

export function keepOptions<Port extends number | undefined>(
  { settings, durable = true, throwAway = false, onLog = () => {} }: EmbeddedOptions,
  { binaries, account, place }: Ground,
  lifeline: Lifeline | undefined,
  port: Port,
): KeepOptions & { readonly port: Port } {
  return {
    binaries,
    account,
    dataDirectory: place.directory,
    port,
    settings: { ...standardSettings(durable), ...settings },
    throwAway,
    lifeline,
    onLog,
  };
}

function refuseForeignData(directory: string, exists: boolean): void {
  const uid = process.getuid?.();
  if (!exists || uid === undefined || uid === 0) return;
  const { uid: owner } = statSync(directory);
  if (owner !== uid)
    throw new Error(`${directory} belongs to user ${owner}, but this is user ${uid}: start as the user who made it`);
}

function standardSettings(durable: boolean): Record<string, string | number> {
  const roomy = os.totalmem() >= 3 * 2 ** 30;
  return {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    logging_collector: 'off',
    lc_messages: 'C',
    timezone: 'UTC',
    max_connections: 200,
    jit: 'off',
    shared_buffers: durable && roomy ? '256MB' : '64MB',
    max_wal_size: '2GB',
    min_wal_size: durable ? '256MB' : '80MB',
    wal_buffers: '16MB',
    checkpoint_timeout: '15min',
    random_page_cost: 1.1,
    // Every start has crash recovery behind it if need be, and durability is not for sale.
    fsync: durable ? 'on' : 'off',
    synchronous_commit: durable ? 'on' : 'off',
    full_page_writes: durable ? 'on' : 'off',
  };
}
