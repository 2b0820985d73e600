import path from 'node:path';
import pg from 'pg';
import { joinOrStartEmbedded } from '#libs/embedded';
import { streamPrefixes } from '#libs/domain';
import { createPostgresEventStore, migrateEventStore, openKurrentEventStore, type EventStore } from '#libs/event-store';
import { databaseOf, type DatabaseConfig } from './databases.js';
import { isHome } from './home.js';

export interface OpenedLog {
  readonly store: EventStore;
  close(): Promise<void>;
}

/** The address names no log. */
export class NoLogError extends Error {
  override readonly name = 'NoLogError';
}

/**
 * A log by where it is: `postgres://…` as the application's user, `kurrentdb://…`, or the folder of a home with its
 * embedded PostgreSQL.
 * @param ownerUrl makes the log's schema in a PostgreSQL that has none yet.
 * @param credentialsFile holds the login of a KurrentDB server with TLS.
 * @throws NoLogError
 * @throws KurrentAddressError
 */
export async function openLogAt(address: string, ownerUrl?: string, credentialsFile?: string): Promise<OpenedLog> {
  if (/^postgres(ql)?:\/\//.test(address)) {
    const config = databaseOf(address);
    if (ownerUrl !== undefined) await migrateEventStore(databaseOf(ownerUrl), config.user);
    return postgresLog(config, async () => {});
  }
  if (/^kurrentdb(?:\+discover)?:\/\//.test(address)) {
    const login = credentialsFile === undefined ? {} : { credentialsFile };
    const store = await openKurrentEventStore({ address: { url: address, ...login }, streamPrefixes });
    return { store, close: () => store.close() };
  }
  if (/^[a-z+]+:\/\//.test(address))
    throw new NoLogError(`there is no log behind addresses that begin with ${address.replace(/:.*/, '')}:`);
  const home = path.resolve(address);
  if (!isHome(home)) throw new NoLogError(`${home} is no home of a Qadaga`);
  const embedded = await joinOrStartEmbedded({ home });
  return postgresLog(embedded.config(), () => embedded.stop());
}

async function postgresLog(config: DatabaseConfig, stop: () => Promise<void>): Promise<OpenedLog> {
  const client = new pg.Client(config);
  try {
    await client.connect();
    const { rows } = await client.query<{ there: boolean }>(`select to_regclass('log.facts') is not null as there`);
    if (!rows[0]!.there)
      throw new NoLogError(`the database ${config.database} on ${config.host} has no log yet; its owner can make it`);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    await client.end();
  }
  const store = createPostgresEventStore({ config });
  return {
    store,
    close: async () => {
      await store.close();
      await stop();
    },
  };
}
