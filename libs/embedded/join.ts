import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { connectionTo, databaseName } from './cluster.js';
import {
  findConnection,
  findLiveOwner,
  isOurs,
  lives,
  otherUsers,
  ourMark,
  writeConnection,
  type ConnectionFile,
} from './connection-file.js';
import { adoptAndKeep, type Kept } from './keeper.js';
import { holdLifeline, type Lifeline } from './lifeline.js';
import {
  groundOf,
  homeDirectory,
  keepOptions,
  leaveOrStop,
  startLockOf,
  startUnderLock,
  type EmbeddedOptions,
  type EmbeddedPostgres,
} from './postgres.js';
import { underStartLock } from './start-lock.js';

const isConnectable = async (found: ConnectionFile): Promise<boolean> => {
  const client = new pg.Client({
    ...connectionTo(found.port, found.credentials, databaseName, 'superuser'),
    connectionTimeoutMillis: 2_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
};

/** Homes whose server this process has taken over: of several handles one looks after it. */
const takenOver = new Set<string>();

/** How often one who joined looks whether the owner still lives. */
const watchMs = 250;

/** Under the start lock: on record as a user, and holding the server alive. */
function join(options: EmbeddedOptions, owner: ConnectionFile): EmbeddedPostgres {
  const { home } = options;
  const { port, credentials } = owner;
  const handle = {
    port,
    joined: true,
    notes: [],
    config: (database = databaseName, user = 'app') => connectionTo(port, credentials, database, user),
  } satisfies Omit<EmbeddedPostgres, 'stop'>;
  // Of this process's own server, or of a throw-away one, nothing would be left to take over.
  if (isOurs(owner) || !owner.lasting) return { ...handle, stop: async () => {} };

  const lifeline = holdLifeline(home);
  writeConnection(home, { ...owner, users: [...otherUsers(owner), ourMark()] });
  const membership = watchOver(options, lifeline);
  return { ...handle, stop: membership };
}

/**
 * Watches the owner and takes its place when it has left the server to us or died. Answers how to stop: leave, or, having
 * become the owner, what an owner does.
 */
function watchOver(options: EmbeddedOptions, lifeline: Lifeline | undefined): () => Promise<void> {
  const { home } = options;
  let kept: Kept | undefined;
  let stopped = false;
  let looking: Promise<void> | undefined;
  const isOrphaned = () => {
    const connection = findConnection(home);
    return connection !== undefined && (isOurs(connection) || !lives(connection));
  };
  const takeOver = () =>
    underStartLock(startLockOf(home), 60_000, async () => {
      const connection = findConnection(home);
      if (stopped || takenOver.has(home) || !connection || !(isOurs(connection) || !lives(connection))) return;
      takenOver.add(home);
      kept = adoptAndKeep(keepOptions(options, groundOf(options), lifeline, connection.port));
      writeConnection(home, { ...connection, ...ourMark(), users: otherUsers(connection) });
    });
  const timer = setInterval(() => {
    if (kept || looking || !isOrphaned()) return;
    looking = takeOver()
      .catch((error: unknown) => options.onLog?.(`${String(error)}\n`))
      .finally(() => (looking = undefined));
  }, watchMs);
  timer.unref();

  return async () => {
    clearInterval(timer);
    await looking;
    if (!kept && isOrphaned()) await takeOver();
    stopped = true;
    if (kept) return leaveOrStop(home, kept, lifeline).finally(() => takenOver.delete(home));
    await underStartLock(startLockOf(home), 60_000, async () => {
      const connection = findConnection(home);
      if (connection) writeConnection(home, { ...connection, users: otherUsers(connection) });
      lifeline?.release();
    });
  };
}

/**
 * Joins the PostgreSQL that a living process runs for `home`, or else starts it. Of several processes doing this at
 * once one starts it and the others join. When its owner goes, one of those who joined becomes the owner, and the
 * server goes on; after an owner's death PostgreSQL may have to be started again, on the same port.
 * @throws Error when an owner lives but its server answers for 20 s nobody.
 */
export async function joinOrStartEmbedded(options: string | EmbeddedOptions): Promise<EmbeddedPostgres> {
  const given = typeof options === 'string' ? { home: options } : options;
  const home = homeDirectory(given.home);
  const deadline = Date.now() + 20_000;
  for (;;) {
    const server = await underStartLock(startLockOf(home), 60_000, async () => {
      const owner = findLiveOwner(home);
      return owner ? { owner, handle: join({ ...given, home }, owner) } : startUnderLock({ ...given, home });
    });
    if ('config' in server) return server;
    const { owner, handle } = server;
    if (await isConnectable(owner)) return handle;
    await handle.stop();
    // The owner may be starting it again this moment, or be stopping it: look again.
    if (Date.now() > deadline)
      throw new Error(`process ${owner.pid} owns the PostgreSQL of ${home}, but it does not answer`);
    await wait(50);
  }
}
