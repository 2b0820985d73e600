import { Metadata, status } from '@grpc/grpc-js';
import { allOf, appendOf, dataOf, expectSoundLog } from '../contract-facts.js';
import { encodeFact, FactTooLargeError, StoreUnavailableError, type EventStore, type Subscription } from '../index.js';
import { startKurrentDouble, type Fault, type KurrentDouble } from '../test-support/kurrentdb-double/index.js';
import { passOverLostWrites } from './connection.js';
import { storesOn } from './testing.js';

jest.setTimeout(60_000);

/** Short waits for one attempt, long ones for all: a loaded machine must not decide a test. */
const patience = { attemptMs: 700, timeoutMs: 30_000 };

let server: KurrentDouble;
let stores: ReturnType<typeof storesOn>;
let store: EventStore;
const begin = async (options: Parameters<typeof startKurrentDouble>[0] = {}) => {
  server = await startKurrentDouble(options);
  stores = storesOn(server.url, patience);
  store = stores.open();
};
const end = async () => {
  await stores.close();
  await server.stop();
};
const times = (count: number, fault: Fault): Fault[] => Array.from({ length: count }, () => fault);
const ourEvents = () => server.log.all.filter(({ stream }) => stream.startsWith('case-'));

describe.each([
  ['one long call for all appends', true, 'batchAppend'],
  ['a call for each append', false, 'append'],
] as const)('an append over %s', (_, batches, method) => {
  beforeEach(() => begin({ batches }));
  afterEach(end);

  const faults: readonly Fault[] = [
    { kind: 'silence' },
    { kind: 'done-silence' },
    { kind: 'reset' },
    { kind: 'done-reset' },
    { kind: 'done-failed', code: status.UNKNOWN },
    { kind: 'done-failed', code: status.UNAVAILABLE },
    { kind: 'done-failed', code: status.DEADLINE_EXCEEDED },
    { kind: 'failed', code: status.UNKNOWN },
    { kind: 'failed', code: status.INTERNAL },
    { kind: 'slow', ms: 100 },
    { kind: 'duplicate' },
  ];
  it.each(
    faults.map((fault) => ['code' in fault ? `${fault.kind} ${status[fault.code]}` : fault.kind, fault] as const),
  )('happens once, and is told so, after: %s', async (__, fault) => {
    await store.append(appendOf('case-1', 'none', 'a', 1));
    server.faults.next(method, fault);
    expect(await store.append(appendOf('case-1', 0, 'b', 2, 3))).toMatchObject({ outcome: 'appended', revision: 2 });
    expect(ourEvents().map(({ revision }) => revision)).toEqual([0, 1, 2]);
  });

  it('goes to the leader when it met another node', async () => {
    const follower = await startKurrentDouble({ batches, log: server.log });
    const atFollower = storesOn(follower.url, patience);
    const there: Fault = { kind: 'not-leader', host: server.host, port: server.port };
    follower.faults.next(method, there);
    expect(await atFollower.open().append(appendOf('case-1', 'none', 'a', 1))).toMatchObject({ outcome: 'appended' });
    expect(server.faults.calls[method]).toBe(1);
    await atFollower.close();
    await follower.stop();
  });

  it('is a conflict when somebody else was there while nobody answered', async () => {
    server.faults.next(method, { kind: 'silence' });
    const unanswered = store.append(appendOf('case-1', 'none', 'a', 1));
    const other = stores.open();
    while (server.faults.calls[method] === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await other.append(appendOf('case-1', 'none', 'b', 2))).toMatchObject({ outcome: 'appended' });
    expect(await unanswered).toEqual({ outcome: 'conflict', actual: 0 });
    expect(dataOf(await store.readStream('case-1'))).toEqual([2]);
  });

  it('is judged by reading when nobody answered to the end', async () => {
    const hasty = stores.open({ attemptMs: 100, timeoutMs: 500 });
    const silence = times(50, { kind: 'silence' });
    server.faults.next(method, { kind: 'done-silence' }, ...silence);
    // Reading has as long as one attempt, which a first connection may not get by with on a loaded machine.
    const outcome = await hasty.append(appendOf('case-1', 'none', 'a', 1)).catch((error: unknown) => error);
    if (!(outcome instanceof StoreUnavailableError))
      expect(outcome).toMatchObject({ outcome: 'appended', revision: 0 });
    server.faults.clear();
    expect(await store.append(appendOf('case-1', 'none', 'a', 1))).toMatchObject({ outcome: 'repeated', revision: 0 });
    expect(ourEvents()).toHaveLength(1);
  });

  it('says when it cannot know, and the same append again ends at the same log', async () => {
    const hasty = stores.open({ attemptMs: 100, timeoutMs: 500 });
    server.faults.next(method, ...times(50, { kind: 'silence' }));
    await expect(hasty.append(appendOf('case-1', 'none', 'a', 1))).rejects.toThrow(StoreUnavailableError);
    server.faults.clear();
    expect(await store.append(appendOf('case-1', 'none', 'a', 1))).toMatchObject({ outcome: 'appended' });
    expect(ourEvents()).toHaveLength(1);
  });
});

describe('appends to several streams', () => {
  afterEach(end);
  const several = [appendOf('case-1', 'none', 'a', 1), appendOf('case-2', 'none', 'a', 2)];

  it.each<Fault>([
    { kind: 'done-silence' },
    { kind: 'done-failed', code: status.UNKNOWN },
    { kind: 'silence' },
    { kind: 'reset' },
    { kind: 'duplicate' },
  ])('happen together and once after: %j', async (fault) => {
    await begin();
    server.faults.next('appendSession', fault);
    expect(await store.appendTogether(several)).toMatchObject([{ outcome: 'appended' }, { outcome: 'appended' }]);
    expect(ourEvents()).toHaveLength(2);
  });

  it('finish what a crash broke off, though the server cannot judge the mixture', async () => {
    await begin();
    await store.append(several[0]!);
    expect(await store.appendTogether(several)).toMatchObject([{ outcome: 'repeated' }, { outcome: 'appended' }]);
    expect(await store.appendTogether(several)).toMatchObject([{ outcome: 'repeated' }, { outcome: 'repeated' }]);
    expect(ourEvents()).toHaveLength(2);
  });

  it('go one by one in the order given where the server has no such step, and a repeat finishes them', async () => {
    await begin({ sessions: false });
    const hasty = stores.open({ attemptMs: 300, timeoutMs: 300 });
    await store.append(appendOf('case-0', 'none', 'z', 0));
    server.faults.next('batchAppend', ...times(30, { kind: 'failed', code: status.UNKNOWN }));
    await expect(hasty.appendTogether(several)).rejects.toThrow(StoreUnavailableError);
    server.faults.clear();
    await store.append(several[0]!);
    expect(await store.appendTogether(several)).toMatchObject([{ outcome: 'repeated' }, { outcome: 'appended' }]);
    expect(dataOf(await allOf(store))).toEqual([0, 1, 2]);
  });

  it('tell streams apart by case, which the server does not', async () => {
    await begin();
    const alike = [appendOf('case-A', 'none', 'a', 1), appendOf('case-a', 'none', 'a', 2)];
    expect(await store.appendTogether(alike)).toMatchObject([{ outcome: 'appended' }, { outcome: 'appended' }]);
    expect(dataOf(await store.readStream('case-a'))).toEqual([2]);
  });
});

describe('what is stored', () => {
  beforeEach(() => begin());
  afterEach(end);

  it('is the canonical text, byte for byte, with the ids of the vendor for correlation', async () => {
    const append = appendOf('case-Қ', 'none', 'a', { b: 'Ә\n\u0000', 10: 1, 9: [1, { z: null, y: 1.5 }] });
    await store.append(append);
    await store.appendTogether([appendOf('case-2', 'none', 'b', 1), appendOf('case-3', 'none', 'b', { 10: 1, 9: 2 })]);
    const [first, , third] = ourEvents();
    const { meta } = append.facts[0]!;
    expect(Buffer.from(first!.data).toString()).toBe(
      encodeFact({ ...append.facts[0]!, stream: 'case-Қ', revision: 0 }),
    );
    expect(Buffer.from(third!.data).toString()).toContain('"data":{"10":1,"9":2}');
    for (const { metadata } of [first!, third!])
      expect(Object.keys(JSON.parse(Buffer.from(metadata).toString()) as object)).toEqual(
        expect.arrayContaining(['$correlationId', '$causationId', 'appendId']),
      );
    expect(JSON.parse(Buffer.from(first!.metadata).toString())).toMatchObject({
      $correlationId: meta.correlationId,
      $causationId: meta.causationId,
    });
  });

  it('is at most 1 MiB an append, whatever the number of facts, checked before sending', async () => {
    const half = 'x'.repeat(523_000);
    await expect(store.append(appendOf('case-1', 'none', 'a', half, half, half))).rejects.toThrow(FactTooLargeError);
    expect(server.faults.calls.batchAppend).toBe(0);
    expect(await store.append(appendOf('case-1', 'none', 'a', half, half))).toMatchObject({ revision: 1 });
    await store.appendTogether([1, 2, 3].map((n) => appendOf(`case-more-${n}`, 'none', 'b', half)));
    expect(server.faults.calls.appendSession).toBe(1);
    expect(ourEvents()).toHaveLength(5);
  });

  it('shows nobody the system streams or other categories, and takes no fact that nobody would be shown', async () => {
    await store.append(appendOf('case-1', 'none', 'a', 1));
    server.log.systemEvent('$stats-127.0.0.1:2113', '$statsCollected', {});
    server.log.systemEvent('elsewhere-1', 'Foreign', {});
    expect(dataOf(await allOf(store))).toEqual([1]);
    expect(await store.head()).toBe((await store.readStream('case-1'))[0]!.position);
    await expect(store.append(appendOf('elsewhere-2', 'none', 'a', 1))).rejects.toThrow(RangeError);
    await expect(store.append(appendOf('$case-1', 'none', 'a', 1))).rejects.toThrow(RangeError);
  });

  it('is never deleted: the adapter has no word for it', async () => {
    await store.append(appendOf('case-1', 'none', 'a', 1));
    expect(server.faults.calls).toMatchObject({ delete: 0, tombstone: 0 });
    expect(Object.keys(store).filter((name) => /delete|tombstone|truncate/i.test(name))).toEqual([]);
  });
});

describe('a subscription', () => {
  const running: Subscription[] = [];
  beforeEach(() => begin());
  afterEach(async () => {
    await Promise.all(running.splice(0).map((subscription) => subscription.stop()));
    await end();
  });

  /** Appends `count` facts one by one; `before` is called ahead of each. */
  async function write(count: number, before: (n: number) => void = () => {}): Promise<void> {
    const writer = stores.open();
    for (let n = 0; n < count; n++) {
      before(n);
      await writer.append(appendOf('case-1', n === 0 ? 'none' : n - 1, `w-${n}`, n));
    }
  }

  function follow(count: number, onBatch: () => Promise<void> = async () => {}) {
    const seen: unknown[] = [];
    const all = new Promise<void>((resolve, reject) => {
      const subscription = store.subscribe({
        batchSize: 3,
        handle: async (batch) => {
          await onBatch();
          seen.push(...dataOf(batch));
          if (seen.length >= count) resolve();
        },
      });
      subscription.done.catch(reject);
      running.push(subscription);
    });
    return { seen, all };
  }
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

  it('goes on by itself after each reset, from what was handled, missing and doubling nothing', async () => {
    const { seen, all } = follow(40, async () => {
      if (server.faults.calls.subscribe < 4) server.resetConnections();
    });
    await write(40);
    await all;
    expect(seen).toEqual(numbers(40));
    expect(server.faults.calls.subscribe).toBeGreaterThan(2);
  });

  it('shows each fact once though the server shows it twice', async () => {
    server.faults.next('subscribe', { kind: 'duplicate' });
    await write(5);
    const { seen, all } = follow(10);
    const second = stores.open();
    for (let n = 5; n < 10; n++) await second.append(appendOf('case-1', n - 1, `w-${n}`, n));
    await all;
    expect(seen).toEqual(numbers(10));
  });

  it.each<Fault>([
    { kind: 'silence' },
    { kind: 'failed', code: status.UNKNOWN },
    { kind: 'failed', code: status.UNAVAILABLE },
    { kind: 'slow', ms: 50 },
  ])('comes about after: %j', async (fault) => {
    server.faults.next('subscribe', fault);
    await write(4);
    const { seen, all } = follow(4);
    await all;
    expect(seen).toEqual(numbers(4));
  });

  it('does not move ahead of its handler when the connection ends while it works', async () => {
    await write(9);
    let calls = 0;
    const { seen, all } = follow(9, async () => {
      if (++calls === 1) server.resetConnections();
    });
    await all;
    expect(seen).toEqual(numbers(9));
  });
});

it('outlives writes that the client let go of when the connection ended, and nothing else that nobody waits for', async () => {
  await begin();
  const appends = Array.from({ length: 300 }, (_, n) => store.append(appendOf(`case-${n}`, 'none', `a-${n}`, n)));
  while (ourEvents().length === 0) await new Promise((resolve) => setImmediate(resolve));
  server.resetConnections();
  for (const { outcome } of await Promise.all(appends)) expect(outcome).toBe('appended');
  await end();
  // Jest keeps such rejections to itself: what the program does with them is tried by hand.
  expect(process.listeners('unhandledRejection')).toContain(passOverLostWrites);
  const metadata = new Metadata();
  const lost = Object.assign(new Error('14 UNAVAILABLE: read ECONNRESET'), {
    code: status.UNAVAILABLE,
    details: 'read ECONNRESET',
    metadata,
  });
  const of = (call: string) =>
    Object.assign(lost, {
      stack: `${lost.message}\nfor call at\n    at node_modules/@kurrent/x/streams/${call}.js:18:14`,
    });
  expect(() => passOverLostWrites(of('appendToStream/batchAppend'))).not.toThrow();
  expect(() => passOverLostWrites(of('readStream'))).toThrow(lost);
  for (const other of [new Error('ours'), Object.assign(new Error('ours'), { code: 'ENOENT' }), undefined]) {
    let thrown: unknown = 'nothing';
    try {
      passOverLostWrites(other);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(other);
  }
});

it('loses and doubles nothing when one append in twenty happens but is told to have failed', async () => {
  await begin();
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  server.faults.often(0.05, { kind: 'done-failed', code: status.UNKNOWN }, random);
  await Promise.all(
    Array.from({ length: 4 }, async (_, w) => {
      for (let n = 0; n < 25; n++)
        expect(await store.append(appendOf(`case-${w}`, n === 0 ? 'none' : n - 1, `w-${w}-${n}`, n))).toMatchObject({
          outcome: 'appended',
          revision: n,
        });
    }),
  );
  const log = await allOf(store);
  expect(log).toHaveLength(100);
  expectSoundLog(log, false);
  await end();
});
