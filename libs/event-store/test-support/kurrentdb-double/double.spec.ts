import { status } from '@grpc/grpc-js';
import {
  ANY,
  binaryEvent,
  DeadlineExceededError,
  eventTypeFilter,
  KurrentDBClient,
  MaxAppendSizeExceededError,
  NO_STREAM,
  NotLeaderError,
  STREAM_EXISTS,
  streamNameFilter,
  StreamDeletedError,
  StreamNotFoundError,
  StreamTombstonedError,
  TransactionMaxSizeExceededError,
  UnavailableError,
  UnknownError,
  WrongExpectedVersionError,
  type AllStreamResolvedEvent,
  type AppendStreamState,
  type Credentials,
  type ResolvedEvent,
} from '@kurrent/kurrentdb-client';
import { realServerUrl } from '../../kurrentdb/testing.js';
import { startKurrentDouble, type KurrentDouble } from './index.js';

jest.setTimeout(60_000);

let client: KurrentDBClient;
let streamCount = 0;
/** A name of its own for each test: a real server keeps what it was given. */
const streamName = (): string => `spec-${Date.now()}-${++streamCount}-tried`;
const event = (type = 'Tried', size = 2, id = crypto.randomUUID() as string) =>
  binaryEvent({ id, type, data: Buffer.alloc(size, 'x'), metadata: { $correlationId: id } });
const events = (count: number) => Array.from({ length: count }, () => event());

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
const revisionsOf = (resolved: readonly ResolvedEvent[]) => resolved.map(({ event: one }) => Number(one!.revision));
const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

/** What each way of appending must do; both go by the same rules. */
function appending(options: () => { readonly credentials?: Credentials }): void {
  const append = (stream: string, what: ReturnType<typeof events>, streamState: AppendStreamState = ANY) =>
    client.appendToStream(stream, what, { streamState, ...options() });

  it('takes any, no stream, stream exists and the exact revision', async () => {
    const stream = streamName();
    expect(await append(stream, events(2), NO_STREAM)).toMatchObject({ success: true, nextExpectedRevision: 1n });
    expect(await append(stream, events(1), 1n)).toMatchObject({ nextExpectedRevision: 2n });
    expect(await append(stream, events(1), STREAM_EXISTS)).toMatchObject({ nextExpectedRevision: 3n });
    const { position, nextExpectedRevision } = await append(stream, events(1), ANY);
    expect(nextExpectedRevision).toBe(4n);
    expect(position!.commit).toBeGreaterThan(0n);
  });

  it.each<[string, number, AppendStreamState, bigint | string]>([
    ['no stream, and there is one', 2, NO_STREAM, 1n],
    ['stream exists, and there is none', 0, STREAM_EXISTS, NO_STREAM],
    ['a revision behind', 3, 1n, 2n],
    ['a revision ahead', 1, 7n, 0n],
    ['a revision of no stream', 0, 0n, NO_STREAM],
  ])('refuses %s, and says both', async (_, before, expected, actual) => {
    const stream = streamName();
    if (before > 0) await append(stream, events(before));
    const error = await failure(append(stream, events(1), expected));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: stream, expectedState: expected, actualState: actual });
  });

  it('answers the same events at the same place like the first time, and stores nothing', async () => {
    const stream = streamName();
    const batch = events(2);
    const first = await append(stream, batch, NO_STREAM);
    await append(stream, events(1), 1n);
    expect(await append(stream, batch, NO_STREAM)).toMatchObject({ nextExpectedRevision: first.nextExpectedRevision });
    const other = await failure(append(stream, [batch[0]!, event()], NO_STREAM));
    expect(other).toBeInstanceOf(WrongExpectedVersionError);
    expect(await all(client.readStream(stream))).toHaveLength(3);
  });

  it('refuses more than its limit', async () => {
    const error = await failure(append(streamName(), [event('Large', 1_048_577)]));
    expect(error).toBeInstanceOf(MaxAppendSizeExceededError);
    expect(error).toMatchObject({ maxAppendSize: 1_048_576 });
  });

  it('refuses a tombstoned stream', async () => {
    const stream = streamName();
    await append(stream, events(1));
    await client.tombstoneStream(stream);
    const error = await failure(append(stream, events(1)));
    expect(error).toBeInstanceOf(StreamDeletedError);
    expect(error).toMatchObject({ streamName: stream });
  });
}

function reading(): void {
  it('gives a stream in both directions, from a revision, up to a limit', async () => {
    const stream = streamName();
    await client.appendToStream(stream, events(5));
    const read = async (options?: Parameters<typeof client.readStream>[1]) =>
      revisionsOf(await all(client.readStream(stream, options)));
    expect(await read()).toEqual([0, 1, 2, 3, 4]);
    expect(await read({ fromRevision: 2n })).toEqual([2, 3, 4]);
    expect(await read({ fromRevision: 1n, maxCount: 2 })).toEqual([1, 2]);
    expect(await read({ fromRevision: 9n })).toEqual([]);
    expect(await read({ direction: 'backwards', fromRevision: 'end' })).toEqual([4, 3, 2, 1, 0]);
    expect(await read({ direction: 'backwards', fromRevision: 2n, maxCount: 2 })).toEqual([2, 1]);
    expect(await read({ direction: 'backwards', fromRevision: 'end', maxCount: 1 })).toEqual([4]);
  });

  it('gives an event as it was put, with its place', async () => {
    const stream = streamName();
    const put = event('Тип №1', 10);
    const { position } = await client.appendToStream(stream, put);
    const [{ event: got }] = (await all(client.readStream(stream))) as [ResolvedEvent];
    expect(got).toMatchObject({ id: put.id, type: put.type, isJson: false, streamId: stream, revision: 0n, position });
    expect(Buffer.from(got!.data as Uint8Array)).toEqual(Buffer.alloc(10, 'x'));
    expect(got!.metadata).toEqual({ $correlationId: put.id });
  });

  it('says which stream is not there, and which is deleted', async () => {
    const [missing, deleted] = [streamName(), streamName()];
    await client.appendToStream(deleted, events(1));
    await client.tombstoneStream(deleted);
    expect(await failure(all(client.readStream(missing)))).toBeInstanceOf(StreamNotFoundError);
    expect(await failure(all(client.readStream(deleted)))).toBeInstanceOf(StreamDeletedError);
  });

  it('gives $all in both directions, forwards from a position inclusive, backwards exclusive, filtered', async () => {
    const stream = streamName();
    await client.appendToStream(stream, [event('A'), event('B'), event('A'), event('C')]);
    const filter = streamNameFilter({ prefixes: [stream] });
    const places = (await all(client.readAll({ filter }))).map(({ event: one }) => one!.position);
    expect(places).toHaveLength(4);
    const from = async (options: Parameters<typeof client.readAll>[0]) =>
      revisionsOf(await all(client.readAll({ filter, ...options })));
    expect(await from({ fromPosition: places[2]! })).toEqual([2, 3]);
    expect(await from({ fromPosition: places[1]!, maxCount: 2 })).toEqual([1, 2]);
    expect(await from({ direction: 'backwards', fromPosition: 'end' })).toEqual([3, 2, 1, 0]);
    expect(await from({ direction: 'backwards', fromPosition: places[2]! })).toEqual([1, 0]);
    expect(await from({ direction: 'backwards', fromPosition: 'end', maxCount: 1 })).toEqual([3]);
  });

  it('filters by pattern and by event type too, and has system events in $all', async () => {
    const [stream, type] = [streamName(), `Type${streamName()}`];
    await client.appendToStream(stream, [event(type), event('Other'), event(`${type}.v2`)]);
    const typesIn = async (filter: Parameters<typeof client.readAll>[0]) =>
      (await all(client.readAll(filter))).map(({ event: one }) => one!.type);
    expect(await typesIn({ filter: eventTypeFilter({ prefixes: [type] }) })).toEqual([type, `${type}.v2`]);
    expect(await typesIn({ filter: eventTypeFilter({ regex: `^${type}$` }) })).toEqual([type]);
    expect(await typesIn({ filter: streamNameFilter({ regex: `^${stream}$` }) })).toHaveLength(3);
    expect((await typesIn({ maxCount: 20 })).filter((one) => one.startsWith('$')).length).toBeGreaterThan(0);
  });
}

function subscribing(): void {
  /** Until `count` events came and, with `live`, everything was caught up. */
  async function collect(
    subscription: ReturnType<typeof client.subscribeToAll> | ReturnType<typeof client.subscribeToStream>,
    count: number,
  ): Promise<{ seen: number[]; caughtUpAfter: number }> {
    const seen: number[] = [];
    let caughtUpAfter = -1;
    subscription.on('caughtUp', () => (caughtUpAfter = seen.length));
    await new Promise<void>((resolve, reject) => {
      const look = () => void (seen.length >= count && caughtUpAfter >= 0 && resolve());
      subscription.on('data', (resolved: ResolvedEvent | AllStreamResolvedEvent) => {
        seen.push(Number(resolved.event!.revision));
        look();
      });
      subscription.on('caughtUp', look);
      subscription.on('error', reject);
    });
    await subscription.unsubscribe();
    return { seen, caughtUpAfter };
  }

  it('gives a stream from its beginning, from after a revision, and from its end', async () => {
    const stream = streamName();
    await client.appendToStream(stream, events(3));
    expect(await collect(client.subscribeToStream(stream), 3)).toMatchObject({ seen: [0, 1, 2] });
    expect(await collect(client.subscribeToStream(stream, { fromRevision: 0n }), 2)).toMatchObject({ seen: [1, 2] });
    const live = client.subscribeToStream(stream, { fromRevision: 'end' });
    const collected = collect(live, 1);
    live.once('caughtUp', () => void client.appendToStream(stream, event()));
    expect(await collected).toEqual({ seen: [3], caughtUpAfter: 0 });
  });

  it('gives $all after a position: catches up, says so once, and goes on live, filtered', async () => {
    const stream = streamName();
    const { position } = await client.appendToStream(stream, events(2));
    await client.appendToStream(stream, events(2));
    const filter = streamNameFilter({ prefixes: [stream] });
    const subscription = client.subscribeToAll({ fromPosition: position!, filter });
    const collected = collect(subscription, 3);
    subscription.once('caughtUp', () => void client.appendToStream(stream, event()));
    expect((await collected).seen).toEqual([2, 3, 4]);
  });

  it('says caught up also when no event passes the filter', async () => {
    const filter = streamNameFilter({ prefixes: [`none-${streamName()}`] });
    expect((await collect(client.subscribeToAll({ filter }), 0)).seen).toEqual([]);
  });

  it('tells checkpoints of a filter while nobody has handled an event yet', async () => {
    const stream = streamName();
    await client.appendToStream(stream, events(10));
    const checkpoints: bigint[] = [];
    const reached = new Promise<void>((resolve) => {
      const subscription = client.subscribeToAll({
        filter: streamNameFilter({
          prefixes: [stream],
          checkpointInterval: 1,
          maxSearchWindow: 5,
          checkpointReached: async (_, at) => {
            checkpoints.push(at.commit);
            await subscription.unsubscribe();
            resolve();
          },
        }),
      });
      subscription.on('error', () => {});
      subscription.resume();
    });
    await reached;
    expect(checkpoints.length).toBeGreaterThan(0);
  });
}

function removing(): void {
  it('deletes softly: not found, still in $all, and a new event goes on counting', async () => {
    const stream = streamName();
    await client.appendToStream(stream, events(3));
    expect(await failure(client.deleteStream(stream, { expectedRevision: 7n }))).toBeInstanceOf(
      WrongExpectedVersionError,
    );
    expect((await client.deleteStream(stream, { expectedRevision: 2n })).position).toBeDefined();
    expect(await failure(all(client.readStream(stream)))).toBeInstanceOf(StreamNotFoundError);
    expect(await all(client.readAll({ filter: streamNameFilter({ prefixes: [stream] }) }))).toHaveLength(3);
    expect(await client.appendToStream(stream, event(), { streamState: NO_STREAM })).toMatchObject({
      nextExpectedRevision: 3n,
    });
    expect(revisionsOf(await all(client.readStream(stream)))).toEqual([3]);
  });

  it('keeps metadata, which cut off what the stream shows and leave $all as it is', async () => {
    const stream = streamName();
    await client.appendToStream(stream, events(6));
    expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
    await client.setStreamMetadata(stream, { truncateBefore: 2 });
    expect(revisionsOf(await all(client.readStream(stream)))).toEqual([2, 3, 4, 5]);
    await client.setStreamMetadata(stream, { maxCount: 3 });
    expect(revisionsOf(await all(client.readStream(stream)))).toEqual([3, 4, 5]);
    expect(await client.getStreamMetadata(stream)).toMatchObject({ metadata: { maxCount: 3 } });
    expect(await all(client.readAll({ filter: streamNameFilter({ prefixes: [stream] }) }))).toHaveLength(6);
  });
}

function severalStreams(): void {
  const request = (name: string, count = 1, expectedState: AppendStreamState = NO_STREAM, what = events(count)) => ({
    streamName: name,
    expectedState,
    events: what,
  });

  it('takes all or none, and names the stream that conflicts', async () => {
    const [a, b] = [streamName(), streamName()];
    const done = await client.multiStreamAppend([request(a, 2), request(b)]);
    expect(done.responses).toEqual([
      { streamName: a, revision: 1n },
      { streamName: b, revision: 0n },
    ]);
    const error = await failure(client.multiStreamAppend([request(streamName()), request(b)]));
    expect(error).toBeInstanceOf(WrongExpectedVersionError);
    expect(error).toMatchObject({ streamName: b, expectedState: NO_STREAM, actualState: 0n });
    expect(await all(client.readStream(b))).toHaveLength(1);
  });

  it('answers the same again like the first time, and has no answer for half of it', async () => {
    const [a, b] = [streamName(), streamName()];
    const both = [request(a), request(b)];
    const first = await client.multiStreamAppend(both);
    expect((await client.multiStreamAppend(both)).responses).toEqual(first.responses);
    expect(await failure(client.multiStreamAppend([both[0]!, request(streamName())]))).toBeInstanceOf(Error);
  });

  it('takes each stream once, whatever the case of its name, and no more than its limit together', async () => {
    const name = streamName();
    expect(await failure(client.multiStreamAppend([request(name), request(name.toUpperCase())]))).toBeInstanceOf(Error);
    const half = () => [event('Large', 600_000)];
    const error = await failure(
      client.multiStreamAppend([
        request(streamName(), 1, NO_STREAM, half()),
        request(streamName(), 1, NO_STREAM, half()),
      ]),
    );
    expect(error).toBeInstanceOf(TransactionMaxSizeExceededError);
  });

  it('refuses a tombstoned stream', async () => {
    const stream = streamName();
    await client.appendToStream(stream, event());
    await client.tombstoneStream(stream);
    expect(await failure(client.multiStreamAppend([request(stream, 1, ANY), request(streamName())]))).toBeInstanceOf(
      StreamTombstonedError,
    );
  });
}

const behaviours = () => {
  describe('appending over one long call', () => {
    appending(() => ({}));
  });
  // Asked with a login of its own the client makes a call for each append; an insecure server does not look at it.
  describe('appending over a call each', () => {
    appending(() => ({ credentials: { username: 'a', password: 'b' } }));
  });
  describe('reading', () => {
    reading();
  });
  describe('subscribing', () => {
    subscribing();
  });
  describe('deleting and metadata', () => {
    removing();
  });
  describe('appending to several streams', () => {
    severalStreams();
  });
};

describe('the double, as the vendor’s client sees it,', () => {
  let server: KurrentDouble;
  beforeAll(async () => {
    server = await startKurrentDouble();
    client = KurrentDBClient.connectionString(server.url);
  });
  afterAll(async () => {
    await client.dispose();
    await server.stop();
  });
  afterEach(() => server.faults.clear());
  behaviours();

  describe('disturbed', () => {
    it('puts a batch together from its pieces, and gives up one whose deadline is over', async () => {
      const stream = streamName();
      const pieces = { batchAppendSize: 300 };
      expect(await client.appendToStream(stream, events(20), pieces)).toMatchObject({ nextExpectedRevision: 19n });
      server.faults.next('batchAppend', { kind: 'slow', ms: 60 });
      const late = await failure(client.appendToStream(stream, event(), { deadline: 20 }));
      expect(late).toBeInstanceOf(DeadlineExceededError);
    });

    it('fails as the server does', async () => {
      const stream = streamName();
      const code = status.UNKNOWN;
      server.faults.next('batchAppend', { kind: 'failed', code }, { kind: 'done-failed', code }, { kind: 'reset' });
      expect(await failure(client.appendToStream(stream, event()))).toBeInstanceOf(UnknownError);
      expect(await failure(client.appendToStream(stream, event()))).toBeInstanceOf(UnknownError);
      expect(await failure(client.appendToStream(stream, event()))).toBeInstanceOf(UnavailableError);
      expect(await all(client.readStream(stream))).toHaveLength(1);
    });

    it('names the leader, to whom the client then goes', async () => {
      const leader = await startKurrentDouble({ log: server.log });
      const atFollower = KurrentDBClient.connectionString(server.url);
      server.faults.next('batchAppend', { kind: 'not-leader', host: leader.host, port: leader.port });
      const stream = streamName();
      const error = await failure(atFollower.appendToStream(stream, event()));
      expect(error).toBeInstanceOf(NotLeaderError);
      expect(error).toMatchObject({ leader: { address: leader.host, port: leader.port } });
      await atFollower.appendToStream(stream, event());
      expect(leader.faults.calls.batchAppend).toBe(1);
      await atFollower.dispose();
      await leader.stop();
    });
  });
});

(realServerUrl === undefined ? describe.skip : describe)('a real server (needs KURRENTDB_TEST_URL)', () => {
  beforeAll(() => {
    client = KurrentDBClient.connectionString(realServerUrl!);
  });
  afterAll(() => client.dispose());
  behaviours();
});
