import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '#libs/embedded';
import { withClient } from '#libs/postgres';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { allOf, appendOf, expectSoundLog } from './contract-facts.js';
import { eventStoreContract } from './contract.js';
import {
  CorruptFactError,
  createPostgresEventStore,
  encodeFact,
  migrateEventStore,
  StoreUnavailableError,
  type EventStore,
} from './index.js';
import { givenOnce } from './testing-told.js';

jest.setTimeout(60_000);

async function freshLog(): Promise<TestDatabase> {
  const database = await (await sharedTestPostgres()).createDatabase();
  await migrateEventStore(database.owner);
  return database;
}

eventStoreContract('PostgreSQL', async () => {
  const database = await freshLog();
  const asGiven = givenOnce();
  const opened: EventStore[] = [];
  return {
    open: async (options) => {
      const store = asGiven(createPostgresEventStore({ config: database.app, ...options }));
      opened.push(store);
      return store;
    },
    end: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await database.drop();
    },
  };
});

describe('the log in PostgreSQL', () => {
  let database: TestDatabase;
  let asGiven: (store: EventStore) => EventStore;
  const stores: EventStore[] = [];
  const children: ChildProcess[] = [];
  const open = (options: { timeoutMs?: number } = {}) => {
    const store = asGiven(createPostgresEventStore({ config: database.app, ...options }));
    stores.push(store);
    return store;
  };

  beforeEach(async () => {
    database = await freshLog();
    asGiven = givenOnce();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await database.drop();
  });

  it('can be migrated again, and by several at once', async () => {
    await open().append(appendOf('case-1', 'none', 'a', 1));
    await Promise.all(Array.from({ length: 4 }, () => migrateEventStore(database.owner)));
    expect(await allOf(open())).toHaveLength(1);
  });

  it('cannot be changed by the application', async () => {
    await open().append(appendOf('case-1', 'none', 'a', 1));
    for (const sql of [
      'update log.facts set body = body',
      'delete from log.facts',
      'truncate log.facts',
      'drop table log.facts',
      'alter table log.facts disable trigger all',
      'create table log.other (a int)',
      "insert into log.facts select * from log.facts on conflict (position) do update set body = ''",
    ])
      await expect(withClient(database.app, (client) => client.query(sql))).rejects.toThrow(
        /permission denied|must be owner/,
      );
    expect(await allOf(open())).toHaveLength(1);
  });

  it('keeps the canonical bytes', async () => {
    const append = appendOf('case-Қ', 'none', 'a', { b: 'Ә\n\u0000', a: [1, { z: null, y: 1.5 }] });
    await open().append(append);
    const { rows } = await withClient(database.app, (client) =>
      client.query<{ body: string }>('select body from log.facts'),
    );
    expect(rows[0]!.body).toBe(encodeFact({ ...append.facts[0]!, stream: 'case-Қ', revision: 0 }));
  });

  it('notices a fact that was moved or changed behind its back', async () => {
    const store = open();
    await store.append(appendOf('case-1', 'none', 'a', 1, 2));
    for (const change of [
      "stream = 'case-2'",
      'revision = revision + 5',
      'id = gen_random_uuid()',
      "body = 'nonsense'",
    ]) {
      await withClient(database.owner, (client) =>
        client.query(`begin; update log.facts set ${change} where position = 2; commit`),
      );
      await expect(allOf(store)).rejects.toThrow(CorruptFactError);
    }
  });

  it('gives a fact as written only when it is kept in canonical form', async () => {
    const store = open();
    await store.append(appendOf('case-1', 'none', 'a', { a: 1 }));
    const written = async () => {
      for await (const batch of store.readWritten()) return batch.length;
      return 0;
    };
    const keep = (body: string) =>
      withClient(database.owner, (client) => client.query('update log.facts set body = $1', [body]));
    const body = encodeFact((await store.readStream('case-1'))[0]!);
    expect(await written()).toBe(1);
    for (const other of [body.replace('{"a":1}', '{"a": 1}'), body.replace(/}$/, ',"zone":1}'), ` ${body}`]) {
      await keep(other);
      await expect(written()).rejects.toThrow(CorruptFactError);
    }
    await keep(body);
    expect(await written()).toBe(1);
  });

  it('gives several processes and stores one order without a hole', async () => {
    const writers = 8;
    const each = 25;
    const files = [path.join(__dirname, '../embedded/testing-run.mjs'), path.join(__dirname, 'testing-writers.ts')];
    const processes = [0, 1, 2, 3].map((n) => {
      const child = spawn(process.execPath, [...files, String(n), String(writers), String(each)], {
        env: { ...process.env, QADAGA_TEST_DATABASE: JSON.stringify(database.app) },
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      children.push(child);
      return new Promise<void>((resolve, reject) =>
        child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`writers ended with ${code}`)))),
      );
    });
    const store = open();
    const seen: string[] = [];
    const total = 4 * writers * (each + 1);
    const all = new Promise<void>((resolve, reject) => {
      const subscription = store.subscribe({
        handle: async (batch) => {
          seen.push(...batch.map(({ position }) => position));
          if (seen.length >= total) resolve();
        },
      });
      subscription.done.catch(reject);
    });
    await Promise.all(processes);
    await all;
    const log = await allOf(store);
    expect(log).toHaveLength(total);
    expectSoundLog(log);
    expect(seen).toEqual(log.map(({ position }) => position));
    // The stream all of them fought for has one fact of each writer.
    expect(log.filter(({ stream }) => stream === 'case-shared')).toHaveLength(4 * writers);
  });

  it('keeps one order while two stores put in very many facts at once', async () => {
    const both = [open(), open()];
    await Promise.all(
      both.map(async (store, s) => {
        for (let round = 0; round < 6; round++) {
          const appends = Array.from({ length: 300 }, (_, n) => appendOf(`case-${s}-${round}-${n}`, 'none', 'a', n, n));
          const answers = await store.appendTogether(appends);
          expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['appended']));
        }
      }),
    );
    const log = await allOf(open());
    expect(log).toHaveLength(2 * 6 * 600);
    expectSoundLog(log);
  });

  it('says so when it cannot know the outcome in time', async () => {
    const store = open({ timeoutMs: 200 });
    await store.append(appendOf('case-1', 'none', 'a', 1));
    await withClient(database.owner, async (holder) => {
      await holder.query('begin; lock table log.facts in exclusive mode');
      await expect(store.append(appendOf('case-1', 0, 'b', 2))).rejects.toThrow(StoreUnavailableError);
      await holder.query('rollback');
    });
    // Whether or not the given-up statement went through after all, trying again ends at the same log.
    expect(await store.append(appendOf('case-1', 0, 'b', 2))).toMatchObject({ revision: 1 });
    expect(await store.readStream('case-1')).toHaveLength(2);
  });

  it('loses, doubles and invents nothing when PostgreSQL is killed under load', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-log-'));
    chmodSync(home, 0o711);
    const server = await startEmbeddedPostgres({ home });
    await migrateEventStore(server.config('qadaga', 'owner'));
    const store = createPostgresEventStore({ config: server.config('qadaga', 'app'), timeoutMs: 30_000 });
    try {
      const acknowledged = new Map<string, number>();
      let appended = 0;
      let kills = 0;
      const seen: string[] = [];
      const subscription = store.subscribe({
        handle: async (batch) => void seen.push(...batch.map(({ position }) => position)),
      });
      const postmaster = () =>
        Number(readFileSync(path.join(home, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
      await Promise.all(
        Array.from({ length: 8 }, async (_, w) => {
          for (let n = 0; kills < 3 || n < 10; n++) {
            const answer = await store.append(appendOf(`case-${w}`, n === 0 ? 'none' : n - 1, `w-${w}-${n}`, n));
            if (answer.outcome === 'conflict')
              throw new Error(`${w} met a conflict at ${answer.actual}, expecting ${n - 1}`);
            acknowledged.set(`case-${w}`, answer.revision);
            if (++appended >= 300 * (kills + 1) && kills < 3) {
              kills++;
              process.kill(postmaster(), 'SIGKILL');
            }
          }
        }),
      );
      const log = await allOf(store);
      expectSoundLog(log);
      for (const [stream, revision] of acknowledged)
        expect(log.filter((fact) => fact.stream === stream).length).toBe(revision + 1);
      await subscription.stop();
      expect(seen).toEqual(log.slice(0, seen.length).map(({ position }) => position));
    } finally {
      await store.close();
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  }, 240_000);
});
