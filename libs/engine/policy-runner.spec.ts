import { drawUuid, instant, instantOfMs, OutdatedError, type Fact, type FactMeta, type Uuid } from '#libs/kernel';
import type { Intention } from '#libs/domain';
import { StoreUnavailableError, createMemoryEventStore, knownTypesOnly, type EventStore } from '#libs/event-store';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../embedded/testing.js';
import { eventually } from '../jobs/test-support/arrivals.js';
import { createMemoryEngineStore, soleLeadership } from './memory-store.js';
import { PolicyRunner } from './policy-runner.js';
import { createPostgresLeadership, policyLock } from './postgres-leadership.js';
import { createPostgresEngineStore, migrateEngine } from './postgres-store.js';
import type { EngineStore } from './ports.js';
import type { Owed } from './queue-owed.js';

// Generous: a loaded machine is slow, and no test is about time.
jest.setTimeout(60_000);

let ms = Date.parse('2021-01-05T06:00:00Z');
const clock = { now: () => instantOfMs(ms) };

const meta = (channel: FactMeta['channel']): FactMeta => ({
  commandId: drawUuid(),
  requestHash: '',
  correlationId: '1',
  causationId: '1',
  actor: { kind: 'person', id: '1', role: 'operator' },
  channel,
});
const caseA = drawUuid();
const caseB = drawUuid();

/** Files in each case in turn; answers the ids of the filings. */
async function file(store: EventStore, cases: readonly Uuid[], channel: FactMeta['channel'] = 'api'): Promise<Uuid[]> {
  const filingIds: Uuid[] = [];
  for (const caseId of cases) {
    const stream = `case-${caseId}`;
    const revision = (await store.readStream(stream)).length - 1;
    const filingId = drawUuid();
    filingIds.push(filingId);
    const data = { caseId, filingId };
    await store.append({
      stream,
      expected: revision === -1 ? 'none' : revision,
      facts: [{ id: drawUuid(), type: 'TerminationFiled', data, recordedAt: clock.now(), meta: meta(channel) }],
    });
  }
  return filingIds;
}

describe('the policy runner', () => {
  let store: EventStore;
  let engineStore: EngineStore;
  let performed: { readonly caseId: Uuid; readonly versionId: Uuid }[];
  /** What was queued, by the batch. */
  let owed: (readonly Owed[])[];
  let fail: (intention: Extract<Intention, { intention: 'issue-notice' }>) => Error | undefined;
  const perform = async (intention: Intention, _fact: Fact) => {
    if (intention.intention !== 'issue-notice') throw new Error('not in this test');
    const error = fail(intention);
    if (error) throw error;
    performed.push({ caseId: intention.caseId, versionId: intention.versionId });
    return { owed: 'notice', noticeId: intention.versionId } as const;
  };
  const enqueue = async (some: readonly Owed[]) => void owed.push(some);
  const runner = () => new PolicyRunner({ store, engineStore, leadership: soleLeadership, perform, enqueue, clock });
  const versions = (caseId?: Uuid) =>
    performed.filter((one) => caseId === undefined || one.caseId === caseId).map((one) => one.versionId);

  beforeEach(() => {
    store = createMemoryEventStore();
    engineStore = createMemoryEngineStore();
    performed = [];
    owed = [];
    fail = () => undefined;
    ms = Date.parse('2021-01-05T06:00:00Z');
  });
  afterEach(() => store.close());

  it('ends also when it is asked to while it reads where it was', async () => {
    let reading = () => {};
    const reads = new Promise<void>((resolve) => (reading = resolve));
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    const { checkpoint } = engineStore;
    engineStore = {
      ...engineStore,
      checkpoint: async (name) => {
        reading();
        await answered;
        return checkpoint(name);
      },
    };
    const one = runner();
    one.start();
    await reads;
    const stopped = one.stop();
    answer();
    await stopped;
    expect(one.state.leading).toBe(false);
  }, 10_000);

  it('performs everything from the beginning of an existing log, in order within a case, and nothing twice', async () => {
    const filings = await file(store, [caseA, caseB, caseA, caseA, caseB]);
    await runner().catchUp();
    expect(versions(caseA)).toEqual([filings[0], filings[2], filings[3]]);
    expect(versions(caseB)).toEqual([filings[1], filings[4]]);
    await runner().catchUp();
    expect(performed).toHaveLength(5);
    expect(owed.map((some) => some.length)).toEqual([5]);
  });

  it('asks nothing for what was imported', async () => {
    await file(store, [caseA], 'import');
    await runner().catchUp();
    expect(performed).toEqual([]);
  });

  it('follows what is appended while it runs', async () => {
    const one = runner();
    one.start();
    await file(store, [caseA]);
    await eventually(async () => performed.length === 1);
    await file(store, [caseB]);
    await eventually(async () => performed.length === 2);
    await one.stop();
    expect(await engineStore.checkpoint('policies')).toBe(await store.head());
  });

  it('parks a fact that fails, later ones of its case behind it, and goes on with the others', async () => {
    fail = ({ caseId }) => (caseId === caseA ? new Error('no rule set of that name') : undefined);
    const filings = await file(store, [caseA, caseB, caseA]);
    const one = runner();
    await one.catchUp();
    expect(performed).toEqual([{ caseId: caseB, versionId: filings[1] }]);
    expect((await engineStore.parked()).map(({ key, reason, attempts }) => ({ key, reason, attempts }))).toEqual([
      { key: caseA, reason: 'inform-energy-body-of-filing: no rule set of that name', attempts: 1 },
      { key: caseA, reason: 'waits behind an earlier fact', attempts: 0 },
    ]);

    expect(await one.retryParked()).toBe(0);
    ms += 5_000;
    expect(await one.retryParked()).toBe(0);
    expect((await engineStore.parked())[0]!.attempts).toBe(2);

    fail = () => undefined;
    ms += 600_000;
    expect(await one.retryParked()).toBe(2);
    expect(versions(caseA)).toEqual([filings[0], filings[2]]);
    expect(await engineStore.parked()).toEqual([]);
    const [later] = await file(store, [caseA]);
    await one.catchUp();
    expect(versions(caseA).at(-1)).toBe(later);
  });

  it('remembers after a restart who waits', async () => {
    fail = () => new Error('no');
    await file(store, [caseA]);
    await runner().catchUp();
    fail = () => undefined;
    await file(store, [caseA]);
    await runner().catchUp();
    expect(performed).toEqual([]);
    expect(await engineStore.parked()).toHaveLength(2);
  });

  it('parks nothing when the log cannot be reached, and begins there again', async () => {
    let reachable = false;
    fail = () => (reachable ? undefined : new StoreUnavailableError('away'));
    await file(store, [caseA]);
    await expect(runner().catchUp()).rejects.toThrow('away');
    expect(await engineStore.parked()).toEqual([]);
    reachable = true;
    await runner().catchUp();
    expect(performed).toHaveLength(1);
  });

  it('of an older release stands down before what it does not know, for good, and parks nothing', async () => {
    const errors: unknown[] = [];
    const older = new PolicyRunner({
      store: knownTypesOnly(store, new Set(['TerminationFiled'])),
      ...{ engineStore, leadership: soleLeadership, perform, enqueue, clock },
      onError: (error) => void errors.push(error),
    });
    const [first] = await file(store, [caseA]);
    await store.append({
      stream: `case-${caseB}`,
      expected: 'none',
      facts: [{ id: drawUuid(), type: 'CaseSuspended', data: {}, recordedAt: clock.now(), meta: meta('api') }],
    });
    await file(store, [caseA]);
    older.start();
    await eventually(async () => older.outdated !== undefined);
    expect(older.outdated).toMatchObject({ unknown: 'CaseSuspended' });
    expect(older.state.leading).toBe(false);
    expect(errors).toEqual([older.outdated]);
    expect(versions()).toEqual([first]);
    expect(await engineStore.parked()).toEqual([]);
    expect(await engineStore.checkpoint('policies')).toBe('1');
    await runner().catchUp();
    expect(versions()).toHaveLength(2);
    await older.stop();
  });

  it('of an older release stands down when what a fact asks for leads to a case that a newer one goes on with', async () => {
    fail = () => new OutdatedError('CaseSuspended in this case', 'CaseSuspended');
    await file(store, [caseA]);
    const older = runner();
    older.start();
    await eventually(async () => older.outdated !== undefined);
    expect(await engineStore.parked()).toEqual([]);
    await older.stop();
  });

  it('asks before it leads whether it may', async () => {
    const mayLead = async () => {
      throw new OutdatedError('a newer release has led', 'facts/99');
    };
    await file(store, [caseA]);
    const older = new PolicyRunner({
      ...{ store, engineStore, leadership: soleLeadership, perform, enqueue, clock, mayLead },
    });
    older.start();
    await eventually(async () => older.outdated !== undefined);
    expect(performed).toEqual([]);
    await older.stop();
  });
});

describe('on PostgreSQL', () => {
  let postgres: TestPostgres;
  let database: TestDatabase;
  beforeAll(async () => {
    postgres = await sharedTestPostgres();
  }, 120_000);
  beforeEach(async () => {
    database = await postgres.createDatabase();
    await migrateEngine(database.owner);
    await migrateEngine(database.owner);
  });
  afterEach(() => database.drop());

  it('one runner leads, another stands by and takes over', async () => {
    const store = createMemoryEventStore();
    const engineStore = createPostgresEngineStore({ config: database.app });
    const performed: string[] = [];
    const runner = (name: string) =>
      new PolicyRunner({
        store,
        engineStore,
        clock,
        leadership: createPostgresLeadership({ config: database.app, lock: policyLock, pollMs: 10 }),
        perform: async () => {
          performed.push(name);
          return undefined;
        },
        enqueue: async () => {},
      });
    const one = runner('one');
    one.start();
    await eventually(async () => one.state.leading);
    const two = runner('two');
    two.start();
    await file(store, [caseA, caseB]);
    await eventually(async () => performed.length === 2);
    expect(performed).toEqual(['one', 'one']);
    await one.stop();
    await eventually(async () => two.state.leading);
    await file(store, [caseA]);
    await eventually(async () => performed.length === 3);
    expect(performed[2]).toBe('two');
    await two.stop();
    await engineStore.close();
    await store.close();
  });

  it('leadership is lost with the connection', async () => {
    const leadership = createPostgresLeadership({ config: database.app, lock: policyLock, pollMs: 10 });
    expect(await leadership.tryAcquire().then((lease) => lease?.release())).toBeUndefined();
    const lease = await leadership.acquire(new AbortController().signal);
    const pool = createPostgresEngineStore({ config: database.app });
    await pool.close();
    const { default: pg } = await import('pg');
    const client = new pg.Client(database.app);
    await client.connect();
    await client.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
       and database = (select oid from pg_database where datname = current_database())`,
    );
    await client.end();
    await lease!.lost;
    await lease!.release();
    const next = await leadership.acquire(new AbortController().signal);
    expect(next).toBeDefined();
    expect(await leadership.tryAcquire()).toBeUndefined();
    await next!.release();
  });
});

const stores: [string, () => Promise<{ store: EngineStore; dispose: () => Promise<void> }>][] = [
  ['in memory', async () => ({ store: createMemoryEngineStore(), dispose: async () => {} })],
  [
    'on PostgreSQL',
    async () => {
      const database = await (await sharedTestPostgres()).createDatabase();
      await migrateEngine(database.owner);
      return { store: createPostgresEngineStore({ config: database.app }), dispose: () => database.drop() };
    },
  ],
];
describe.each(stores)('the engine store %s', (_name, start) => {
  let store: EngineStore;
  let dispose: () => Promise<void>;
  beforeEach(async () => {
    ({ store, dispose } = await start());
  }, 120_000);
  afterEach(async () => {
    await store.close();
    await dispose();
  });

  it('keeps a checkpoint and a report', async () => {
    expect(await store.checkpoint('policies')).toBeUndefined();
    await store.saveCheckpoint('policies', '7' as never);
    await store.saveCheckpoint('policies', '9' as never);
    expect(await store.checkpoint('policies')).toBe('9');
    expect(await store.report('sweep')).toBeUndefined();
    const at = instant('2021-01-05T06:00:00Z');
    await store.saveReport('sweep', at, { due: 3 });
    expect(await store.report('sweep')).toEqual({ at, body: { due: 3 } });
  });

  it('keeps parked facts in their order until they are unparked', async () => {
    const at = instant('2021-01-05T06:00:00Z');
    const parked = (factId: Uuid, reason: string, attempts: number) => ({
      factId,
      type: 'TerminationFiled',
      stream: `case-${caseA}`,
      revision: 3,
      key: caseA,
      reason,
      attempts,
      parkedAt: at,
      nextAttemptAt: at,
    });
    const [one, two] = [drawUuid(), drawUuid()];
    await store.park(parked(one, 'first', 1));
    await store.park(parked(two, 'waits', 0));
    await store.park(parked(one, 'again', 2));
    expect(await store.parked()).toEqual([parked(one, 'again', 2), parked(two, 'waits', 0)]);
    await store.unpark(one);
    expect((await store.parked()).map(({ factId }) => factId)).toEqual([two]);
  });

  it('knows how far an order was followed, and follows none twice', async () => {
    const order = drawUuid();
    expect(await store.beginOrder(order)).toBe(true);
    expect(await store.pendingOrders()).toEqual([{ orderFactId: order }]);
    await store.progressOrder(order, caseA);
    expect(await store.beginOrder(order)).toBe(true);
    expect(await store.pendingOrders()).toEqual([{ orderFactId: order, after: caseA }]);
    await store.endOrder(order);
    expect(await store.beginOrder(order)).toBe(false);
    expect(await store.pendingOrders()).toEqual([]);
  });
});
