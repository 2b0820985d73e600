import { type EventStore } from '../port.js';
import type { StoreUnderTest } from '../contract-facts.js';
import { createKurrentEventStore, type KurrentStoreOptions } from './kurrentdb.js';

/** The address of a real server that the specs may fill with streams; see README.md. */
export const realServerUrl = process.env['KURRENTDB_TEST_URL'];

/** What the adapter keeps beside a body of the contract suite's facts. */
export const overheadOf = (type: string): number => {
  const uuid = '0'.repeat(36);
  const metadata = { $correlationId: uuid, $causationId: uuid, appendId: uuid };
  return 2 * type.length + JSON.stringify(metadata).length;
};

/** Opens stores on one server and closes them all. */
export function storesOn(
  url: string,
  more: Partial<KurrentStoreOptions> = {},
): { open(options?: Partial<KurrentStoreOptions>): EventStore; close(): Promise<void> } {
  const opened: EventStore[] = [];
  return {
    open: (options = {}) => {
      const store = createKurrentEventStore({ address: { url }, streamPrefixes: ['case-'], ...more, ...options });
      opened.push(store);
      return store;
    },
    close: async () => void (await Promise.all(opened.splice(0).map((store) => store.close()))),
  };
}

/** A store for the contract suite on a server of its own. */
export function underTest(
  url: string,
  end: () => Promise<void>,
  more: Partial<KurrentStoreOptions> = {},
): StoreUnderTest {
  const stores = storesOn(url, more);
  return {
    open: async (options) => stores.open(options),
    end: async () => {
      await stores.close();
      await end();
    },
  };
}
