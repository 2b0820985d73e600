import type { EventStore } from '../port.js';
import type { KurrentStoreOptions } from './kurrentdb.js';

export type { KurrentStoreOptions };

/**
 * Loads the client, with its native part, only where the log lives on KurrentDB.
 * @throws KurrentAddressError when the address has faults
 */
export async function openKurrentEventStore(options: KurrentStoreOptions): Promise<EventStore> {
  const { createKurrentEventStore } = await import('./kurrentdb.js');
  return createKurrentEventStore(options);
}
