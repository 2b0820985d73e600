import { eventStoreContract } from '../contract.js';
import { startKurrentDouble, type DoubleOptions, type KurrentDouble } from '../test-support/kurrentdb-double/index.js';
import { onSharedServer, sharedServerOverhead } from './testing-shared-server.js';
import { overheadOf, realServerUrl, underTest } from './testing.js';

jest.setTimeout(180_000);

const contractOptions = { counted: false, overhead: overheadOf('SomethingNoted'), many: 300 };
const sharedOptions = { ...contractOptions, overhead: contractOptions.overhead + sharedServerOverhead };

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

describe('one server for all tests, as a real one is', () => {
  let server: KurrentDouble;
  beforeAll(async () => {
    // Its appends share a commit position, and each is a call of its own.
    server = await startKurrentDouble({ sharedCommits: true, batches: false });
  });
  afterAll(() => server.stop());
  eventStoreContract('KurrentDB (a double that keeps its log)', async () => onSharedServer(server.url), sharedOptions);
});

(realServerUrl === undefined ? describe.skip : describe)('a real server (needs KURRENTDB_TEST_URL)', () => {
  eventStoreContract('KurrentDB', async () => onSharedServer(realServerUrl!), sharedOptions);
});
