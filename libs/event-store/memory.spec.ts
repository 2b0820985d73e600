import type { EventStore } from './port.js';
import { eventStoreContract } from './contract.js';
import { createMemoryLog } from './memory.js';

eventStoreContract('memory', async () => {
  const log = createMemoryLog();
  const opened: EventStore[] = [];
  return {
    open: async (options) => {
      const store = log.open(options);
      opened.push(store);
      return store;
    },
    end: async () => void (await Promise.all(opened.map((store) => store.close()))),
  };
});
