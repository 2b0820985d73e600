import { eventStoreContract } from '../contract.js';
import { startKurrentDouble, type DoubleOptions } from '../test-support/kurrentdb-double/index.js';
import { overheadOf, underTest } from './testing.js';

jest.setTimeout(60_000);

const contractOptions = { counted: false, overhead: overheadOf('SomethingNoted'), many: 300 };

const onDouble = (options: DoubleOptions) => async () => {
  const server = await startKurrentDouble(options);
  return underTest(server.url, () => server.stop());
};

eventStoreContract('KurrentDB (a double of 25.1)', onDouble({}), contractOptions);
eventStoreContract(
  'KurrentDB (a double of 24.10, no append to several streams)',
  onDouble({ sessions: false }),
  contractOptions,
);
eventStoreContract(
  'KurrentDB (a double whose appends share a commit position)',
  onDouble({ sharedCommits: true, batches: false }),
  contractOptions,
);
