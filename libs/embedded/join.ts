import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { connectionTo, databaseName } from './cluster.js';
import { findLiveOwner, type ConnectionFile } from './connection-file.js';
import { homeDirectory, startLockOf, startUnderLock, type EmbeddedOptions, type EmbeddedPostgres } from './postgres.js';
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

const joinedTo = ({ port, credentials }: ConnectionFile): EmbeddedPostgres => ({
  port,
  joined: true,
  notes: [],
  config: (database = databaseName, user = 'app') => connectionTo(port, credentials, database, user),
  stop: async () => {},
});

/**
 * Joins the PostgreSQL that a living process runs for `home`, or else starts it. Of several processes doing this at
 * once one starts it and the others join. A joined server goes when its owner goes.
 * @throws Error when an owner lives but its server answers for 20 s nobody.
 */
export async function joinOrStartEmbedded(options: string | EmbeddedOptions): Promise<EmbeddedPostgres> {
  const given = typeof options === 'string' ? { home: options } : options;
  const home = homeDirectory(given.home);
  const deadline = Date.now() + 20_000;
  for (;;) {
    const result = await underStartLock(
      startLockOf(home),
      60_000,
      async () => findLiveOwner(home) ?? (await startUnderLock({ ...given, home })),
    );
    if ('config' in result) return result;
    if (await isConnectable(result)) return joinedTo(result);
    // The owner may be starting it again this moment, or be stopping it: look again.
    if (Date.now() > deadline)
      throw new Error(`process ${result.pid} owns the PostgreSQL of ${home}, but it does not answer`);
    await wait(50);
  }
}
