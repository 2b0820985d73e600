import pg from 'pg';
import { factIdOf, instantOfMs, qadagaNamespace, uuidV5 } from '#libs/kernel';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { allOf, appendOf, factsOf } from './contract-facts.js';
import {
  copyLog,
  CorruptFactError,
  createMemoryEventStore,
  createPostgresEventStore,
  digestLog,
  encodeFact,
  LogsDifferError,
  maxBodyBytes,
  migrateEventStore,
  StoreUnavailableError,
  type CopyProgress,
  type EventStore,
} from './index.js';

jest.setTimeout(60_000);

const databases: TestDatabase[] = [];
const opened: EventStore[] = [];
const memory = async () => createMemoryEventStore();
const postgres = async () => {
  const database = await (await sharedTestPostgres()).createDatabase();
  databases.push(database);
  await migrateEventStore(database.owner);
  const store = createPostgresEventStore({ config: database.app });
  opened.push(store);
  return store;
};

afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

/** Streams that mix, long texts, every script, more than one batch. */
async function fill(store: EventStore, rounds = 120): Promise<void> {
  for (let n = 0; n < rounds; n++)
    await store.appendTogether([
      appendOf(`case-${n % 7}`, n < 7 ? 'none' : 3 * Math.floor(n / 7) - 1, `a-${n}`, n, 'ә'.repeat(n), { n }),
      appendOf(`notice-Қ ${n}`, 'none', `b-${n}`, { text: '\u0000"\\\u2028🏛️', numbers: [1e21, -0.5] }),
      appendOf(`operator-${n}`, 'none', `c-${n}`, ...Array.from({ length: 6 }, (_, k) => 'x'.repeat(k * 100))),
    ]);
}

const textsOf = async (store: EventStore) => (await allOf(store)).map(encodeFact);

describe.each([
  ['memory', 'memory', memory, memory],
  ['memory', 'PostgreSQL', memory, postgres],
  ['PostgreSQL', 'memory', postgres, memory],
  ['PostgreSQL', 'PostgreSQL', postgres, postgres],
])('copying a log from %s to %s', (_from, _to, makeSource, makeTarget) => {
  let source: EventStore;
  let target: EventStore;
  beforeEach(async () => {
    [source, target] = [await makeSource(), await makeTarget()];
  });

  it('gives the same facts, ids, order and bytes, and says so', async () => {
    await fill(source);
    await source.append(appendOf('case-large', 'none', 'large', 'x'.repeat(maxBodyBytes - 1_000), 'after it'));
    const seen: CopyProgress[] = [];
    const before = await digestLog(source);
    const copied = await copyLog(source, target, { onProgress: (progress) => seen.push(progress) });
    expect(copied).toMatchObject({ ...before, facts: 1_202, known: 0, sourceMovedOn: false });
    expect(await textsOf(target)).toEqual(await textsOf(source));
    expect(await digestLog(target)).toEqual(before);
    expect(seen.at(-1)).toEqual({
      stage: 'verifying',
      facts: 1_202,
      at: await target.head(),
      head: await target.head(),
    });
  });

  it('copies an empty log, and checks a complete copy', async () => {
    expect(await copyLog(source, target)).toMatchObject({ facts: 0, known: 0, sourceMovedOn: false });
    await fill(source, 8);
    await copyLog(source, target);
    expect(await copyLog(source, target)).toMatchObject({ facts: 80, known: 80 });
  });

  it('goes on where it was broken off', async () => {
    await fill(source, 300);
    let calls = 0;
    const failing: EventStore = {
      ...target,
      appendTogether: (appends) => {
        if (++calls === 3) throw new Error('pulled the plug');
        return target.appendTogether(appends);
      },
    };
    await expect(copyLog(source, failing)).rejects.toThrow('pulled the plug');
    const there = (await allOf(target)).length;
    expect(there).toBeGreaterThan(0);
    expect(there).toBeLessThan(3_000);
    expect(await copyLog(source, target)).toMatchObject({ facts: 3_000, known: there });
    expect(await textsOf(target)).toEqual(await textsOf(source));
  });

  it('copies up to the head it saw, says that the source moved on, and catches up', async () => {
    await fill(source, 20);
    let added = false;
    const copied = await copyLog(source, target, {
      onProgress: () => {
        if (!added) void source.append(appendOf('case-late', 'none', 'late', 1));
        added = true;
      },
    });
    expect(copied).toMatchObject({ facts: 200, sourceMovedOn: true });
    expect(await allOf(target)).toHaveLength(200);
    expect(await copyLog(source, target)).toMatchObject({ facts: 201, known: 200, sourceMovedOn: false });
  });

  it('finds positions of the source again in the target', async () => {
    await fill(source, 5);
    const log = await allOf(source);
    const asked = [log[48]!.position, log[0]!.position];
    const { positions } = await copyLog(source, target, { positions: asked });
    const copy = await allOf(target);
    expect(positions).toEqual(
      new Map([
        [log[0]!.position, copy[0]!.position],
        [log[48]!.position, copy[48]!.position],
      ]),
    );
  });

  it('refuses a target that is no beginning of the source, and changes nothing in it', async () => {
    await fill(source, 5);
    await target.append(appendOf('case-other', 'none', 'other', 1));
    await expect(copyLog(source, target)).rejects.toThrow(LogsDifferError);
    expect(await allOf(target)).toHaveLength(1);
  });

  it('refuses a target that holds more than the source', async () => {
    await fill(source, 5);
    await copyLog(source, target);
    await target.append(appendOf('case-more', 'none', 'more', 1));
    await expect(copyLog(source, target)).rejects.toThrow('more than the 50 facts');
  });

  it('refuses a target with the same ids and another content', async () => {
    const [fact] = factsOf('case-1', 'a', 1);
    await source.append(appendOf('case-1', 'none', 'a', 1));
    await target.append({ stream: 'case-1', expected: 'none', facts: [{ ...fact!, data: 2 }] });
    await expect(copyLog(source, target)).rejects.toThrow(/fact 1 of the target/);
  });

  it('refuses a target that somebody else appends to', async () => {
    await fill(source, 5);
    const busy: EventStore = {
      ...target,
      appendTogether: async (appends) => {
        const { stream } = appends[0]!;
        const commandId = uuidV5(qadagaNamespace, 'rival');
        const [rival] = factsOf(stream, 'rival', 'rival');
        const id = factIdOf(commandId, stream, 9);
        await target.append({
          stream,
          expected: 'none',
          facts: [{ ...rival!, id, recordedAt: instantOfMs(0) }],
        });
        return target.appendTogether(appends);
      },
    };
    await expect(copyLog(source, busy)).rejects.toThrow('somebody else appends to the target');
  });

  it('tries again what the target could not answer, once in effect', async () => {
    await fill(source, 30);
    let calls = 0;
    const flaky: EventStore = {
      ...target,
      appendTogether: async (appends) => {
        const answers = await target.appendTogether(appends);
        if (++calls === 1) throw new StoreUnavailableError('the answer was lost');
        return answers;
      },
    };
    expect(await copyLog(source, flaky)).toMatchObject({ facts: 300 });
    expect(await textsOf(target)).toEqual(await textsOf(source));
  });
});

describe('copying out of a log that was tampered with', () => {
  it('copies nothing that is not kept as it was written', async () => {
    const source = await postgres();
    await fill(source, 2);
    const client = new pg.Client(databases[0]!.owner);
    await client.connect();
    await client.query(`update log.facts set body = replace(body, '"meta":{', '"meta": {') where position = 5`);
    await client.end();
    const target = createMemoryEventStore();
    await expect(copyLog(source, target)).rejects.toThrow(CorruptFactError);
    expect(await allOf(target)).toEqual([]);
  });
});
