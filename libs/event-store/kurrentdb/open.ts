import type { EventStore } from '../port.js';
import type { KurrentPreparation, KurrentServer } from './administration.js';
import type { KurrentAddress } from './connection-string.js';
import type { KurrentStoreOptions } from './kurrentdb.js';

export type { KurrentPreparation, KurrentServer, KurrentStoreOptions };

/**
 * Loads the client, with its native part, only where the log lives on KurrentDB.
 * @throws KurrentAddressError when the address has faults
 */
export async function openKurrentEventStore(options: KurrentStoreOptions): Promise<EventStore> {
  const { createKurrentEventStore } = await import('./kurrentdb.js');
  return createKurrentEventStore(options);
}

/** What a server says of itself and of the account that asks. @throws KurrentAddressError, or Error without an answer */
export async function askKurrentServer(address: KurrentAddress): Promise<KurrentServer> {
  return (await import('./administration.js')).askKurrentServer(address);
}

/** Makes the service account and its rules, see README.md. @returns what was done, in words; nothing the second time */
export async function prepareKurrentServer(preparation: KurrentPreparation): Promise<readonly string[]> {
  return (await import('./administration.js')).prepareKurrentServer(preparation);
}
