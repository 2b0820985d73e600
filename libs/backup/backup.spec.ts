import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { migrateSchema } from '#libs/assembly';
import { fileDocuments, sealedFiles, type SealedFiles } from '#libs/documents';
import { createPostgresEngineStore } from '#libs/engine';
import {
  createMemoryEventStore,
  createPostgresEventStore,
  digestLog,
  encodeFact,
  type EventStore,
  type Position,
} from '#libs/event-store';
import { createIdentity } from '#libs/identity';
import { drawUuid, instant, type Uuid } from '#libs/kernel';
import { withClient } from '#libs/postgres';
import { createSealer } from '#libs/sealing';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { allOf, appendOf } from '../event-store/contract-facts.js';
import {
  checkArchive,
  keptTables,
  leftOut,
  makeBackup,
  NotEmptyError,
  partsOf,
  refuseHalfRestored,
  restoreBackup,
  RestoreUnderWayError,
} from './index.js';

jest.setTimeout(120_000);

const databases: TestDatabase[] = [];
const opened: { close(): Promise<unknown> }[] = [];
function closing<T extends { close(): Promise<unknown> }>(one: T): T {
  opened.push(one);
  return one;
}
const appRole = 'qadaga_app';
let dir: string;

async function freshDatabase(): Promise<TestDatabase> {
  const database = await (await sharedTestPostgres()).createDatabase();
  databases.push(database);
  await migrateSchema(database.owner, database.app.user);
  return database;
}

const rowsOf = (database: TestDatabase, table: string) =>
  withClient(database.owner, async (client) =>
    (await client.query<{ row: string }>(`select to_jsonb(t)::text as row from ${table} t order by 1`)).rows.map(
      ({ row }) => row,
    ),
  );

beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-backup-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
  rmSync(dir, { recursive: true });
});

interface Lived {
  readonly database: TestDatabase;
  readonly store: EventStore;
  readonly documents: SealedFiles;
  readonly scan: string;
  readonly key: string;
  readonly parked: readonly Uuid[];
}

/** A small house that has a row of every kind. */
async function live(makeStore: (database: TestDatabase) => EventStore): Promise<Lived> {
  const database = await freshDatabase();
  const store = closing(makeStore(database));
  const sealer = closing(createSealer({ config: database.app, masterKey: Buffer.alloc(32, 7) }));
  const folder = path.join(dir, 'documents');
  const { sha256: scan } = await fileDocuments(folder, sealer).put('940140000385', Buffer.from('a scan'));
  const documents = sealedFiles(folder);
  const sealed = await sealer.seal('940140000385', 'KZ86125KZT5004100100');
  for (let n = 0; n < 40; n++) await store.append(appendOf(`case-${n}`, 'none', `a-${n}`, { n }, { sealed }));
  const attached = appendOf('case-0', 1, 'attached', { sha256: scan });
  await store.append({ ...attached, facts: attached.facts.map((fact) => ({ ...fact, type: 'DocumentAttached' })) });
  const identity = closing(createIdentity({ config: database.app }));
  const { key } = await identity.issueKey({ role: 'auditor', label: 'first' }, 'first-start');
  await withClient(database.app, (client) =>
    client.query(`insert into numbers.series values ('journal', 2026, 64), ('case', 2025, 9007199254740993)`),
  );
  const engineStore = closing(createPostgresEngineStore({ config: database.app }));
  const log = await allOf(store);
  await engineStore.saveCheckpoint('policies', log[59]!.position);
  const parked = [drawUuid(), drawUuid()];
  for (const factId of parked)
    await engineStore.park({
      factId,
      type: 'SomethingNoted',
      stream: 'case-1',
      revision: 0,
      key: 'case-1',
      reason: 'tried',
      attempts: 1,
      parkedAt: instant('2026-11-25T01:02:03.456Z'),
      nextAttemptAt: instant('2026-11-25T01:02:04.456Z'),
    });
  await engineStore.beginOrder(drawUuid());
  return { database, store, documents, scan, key, parked };
}

const about = { qadaga: '0.1.0', engine: 'test', createdAt: '2026-11-25T00:00:00.000Z', masterKey: false };
const backUp = ({ store, database, documents }: Lived, file: string, extras = new Map<string, Buffer>()) =>
  makeBackup(file, { store, owner: database.owner, documents, extras, about });

const ofMemory = () => createMemoryEventStore();
const ofPostgres = ({ app }: TestDatabase) => createPostgresEventStore({ config: app });

describe.each([
  ['PostgreSQL', 'PostgreSQL', ofPostgres, ofPostgres],
  ['memory', 'PostgreSQL', ofMemory, ofPostgres],
  ['PostgreSQL', 'memory', ofPostgres, ofMemory],
])('a backup of a house with its log in %s, restored into %s', (_from, _to, makeSource, makeTarget) => {
  it('gives back facts, tables and documents, and the place of the policies', async () => {
    const house = await live(makeSource);
    const file = path.join(dir, 'house.tar.gz');
    const made = await backUp(house, file);
    expect(made.manifest).toMatchObject({
      facts: { count: 81, sha256: (await digestLog(house.store)).sha256, performed: 60 },
      documents: 1,
      lostDocuments: [],
    });
    const archive = await checkArchive(file);
    expect(archive.id).toBe(made.id);

    const database = await freshDatabase();
    const store = closing(makeTarget(database));
    const documents = sealedFiles(path.join(dir, 'restored'));
    await restoreBackup(archive, { store, owner: database.owner, appRole, documents });
    expect((await allOf(store)).map(encodeFact)).toEqual((await allOf(house.store)).map(encodeFact));
    for (const table of Object.keys(made.manifest.tables)) {
      const rows = await rowsOf(database, table);
      expect({ table, rows }).toEqual({ table, rows: await rowsOf(house.database, table) });
      expect(rows.length).toBeGreaterThan(0);
    }
    const sealer = closing(createSealer({ config: database.app, masterKey: Buffer.alloc(32, 7) }));
    const restored = fileDocuments(path.join(dir, 'restored'), sealer);
    expect(await restored.find(house.scan)).toEqual(Buffer.from('a scan'));
    const engineStore = closing(createPostgresEngineStore({ config: database.app }));
    expect(await engineStore.checkpoint('policies')).toBe((await allOf(store))[59]!.position);
    expect((await engineStore.parked()).map(({ factId }) => factId)).toEqual(house.parked);
    await refuseHalfRestored(database.app);
  });
});

describe('a backup', () => {
  it('knows of every table what becomes of it', async () => {
    const database = await freshDatabase();
    const tables = await withClient(database.owner, async (client) => {
      const { rows } = await client.query<{ schema: string; table: string }>(
        `select table_schema as schema, table_schema || '.' || table_name as table from information_schema.tables
          where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'`,
      );
      return rows;
    });
    const known: readonly string[] = [...keptTables.progress, ...keptTables.means, ...leftOut];
    expect(tables.length).toBeGreaterThan(20);
    expect(tables.filter(({ schema, table }) => !known.includes(schema) && !known.includes(table))).toEqual([]);
  });

  it('takes what was done before the head of the log, and keys and numbers after it', async () => {
    const house = await live(ofPostgres);
    const file = path.join(dir, 'house.tar.gz');
    const engineStore = closing(createPostgresEngineStore({ config: house.database.app }));
    const sealer = closing(createSealer({ config: house.database.app, masterKey: Buffer.alloc(32, 7) }));
    // At the moment the head is looked at, somebody seals, appends and performs.
    const store: EventStore = {
      ...house.store,
      head: async () => {
        const { keyId } = await sealer.seal('970740000838', 'a contact');
        const appended = await house.store.append(appendOf('case-late', 'none', 'late', { keyId }));
        const head = await house.store.head();
        await engineStore.saveCheckpoint('policies', (appended as { position: Position }).position);
        await sealer.seal('010140000001', 'later');
        await house.store.append(appendOf('case-too-late', 'none', 'too-late', 1));
        return head;
      },
    };
    const { manifest } = await backUp({ ...house, store }, file);
    expect(manifest.facts).toMatchObject({ count: 82, performed: 60 });
    expect(manifest.tables['vault.operator_keys']).toBe(3);
  });

  it('is made although a document is gone, and names it', async () => {
    const house = await live(ofMemory);
    rmSync(path.join(dir, 'documents', house.scan), { recursive: true });
    const { manifest } = await backUp(house, path.join(dir, 'gone.tar.gz'));
    expect(manifest).toMatchObject({ documents: 0, lostDocuments: [house.scan] });
  });

  it('leaves no file behind when it fails', async () => {
    const house = await live(ofMemory);
    const store: EventStore = {
      ...house.store,
      readWritten: () => {
        throw new Error('the log broke off');
      },
    };
    const file = path.join(dir, 'house.tar.gz');
    await expect(backUp({ ...house, store }, file)).rejects.toThrow('the log broke off');
    await expect(backUp(house, path.join(dir, 'no', 'such', 'folder'))).rejects.toThrow(/ENOENT/);
    expect(() => readFileSync(file)).toThrow(/ENOENT/);
    expect(() => readFileSync(`${file}.part`)).toThrow(/ENOENT/);
  });
});

describe('an archive', () => {
  let file: string;
  let tar: Buffer;
  beforeEach(async () => {
    file = path.join(dir, 'house.tar.gz');
    await backUp(await live(ofMemory), file, new Map([['extra.json', Buffer.from('{}')]]));
    tar = gunzipSync(readFileSync(file));
  });
  const altered = async (change: (tar: Buffer) => Buffer, pack = gzipSync) => {
    writeFileSync(file, pack(change(Buffer.from(tar))));
    return checkArchive(file);
  };

  it.each([
    'extra.json',
    'tables/vault.house_keys/000001.jsonl',
    'tables/identity.api_keys/000001.jsonl',
    'facts/000001.jsonl',
  ])('is refused when a byte of %s is another one', async (part) => {
    const flip = (bytes: Buffer) => {
      const at = bytes.indexOf(`${part}\0`) + 512 + 1;
      bytes[at] = bytes[at]! ^ 1;
      return bytes;
    };
    await expect(altered(flip)).rejects.toThrow(`${part}: was altered`);
  });

  it('is refused wherever it breaks off, and when something is missing, renamed or added', async () => {
    const whole = readFileSync(file);
    for (const share of [0, 0.01, 0.3, 0.6, 0.95, 0.999]) {
      writeFileSync(file, whole.subarray(0, Math.floor(whole.length * share)));
      await expect(checkArchive(file)).rejects.toThrow(/broken there|is missing/);
    }
    const renamed = (bytes: Buffer) => {
      const at = bytes.indexOf('facts/000001.jsonl\0');
      const header = bytes.subarray(at, at + 512);
      header.write('facts/000002.jsonl', 0);
      header.fill(' ', 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return bytes;
    };
    await expect(altered(renamed)).rejects.toThrow('facts/000001.jsonl: is not where it belongs');
    const without = (bytes: Buffer) => {
      const [from, to] = [bytes.indexOf('extra.json\0'), bytes.indexOf('tables/')];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    };
    await expect(altered(without)).rejects.toThrow('extra.json: is not where it belongs');
    const doubled = (bytes: Buffer) => Buffer.concat([bytes.subarray(0, bytes.indexOf('tables/')), bytes]);
    await expect(altered(doubled)).rejects.toThrow(/is not where it belongs|is not in the manifest/);
    writeFileSync(file, 'not an archive at all');
    await expect(checkArchive(file)).rejects.toThrow('the beginning: the archive is broken there');
    await expect(altered((bytes) => bytes.subarray(0, 512 * 2))).rejects.toThrow('manifest.json: is missing');
  });

  it('of another layout is refused by its name', async () => {
    const other = (bytes: Buffer) => {
      bytes.write('qadaga-backup/9', bytes.indexOf('qadaga-backup/1'));
      return bytes;
    };
    await expect(altered(other)).rejects.toThrow('this version reads qadaga-backup/1, not "qadaga-backup/9"');
  });
});

describe('a restore', () => {
  it('goes into an empty house only', async () => {
    const house = await live(ofPostgres);
    const file = path.join(dir, 'house.tar.gz');
    await backUp(house, file);
    const archive = await checkArchive(file);
    const { store, database, documents } = house;
    await expect(restoreBackup(archive, { store, owner: database.owner, appRole, documents })).rejects.toThrow(
      NotEmptyError,
    );
    const used = await freshDatabase();
    await closing(createIdentity({ config: used.app })).issueKey({ role: 'auditor', label: 'theirs' }, 'first-start');
    const empty = closing(ofPostgres(used));
    await expect(restoreBackup(archive, { store: empty, owner: used.owner, appRole, documents })).rejects.toThrow(
      'the table identity.api_keys holds rows already',
    );
    expect(await empty.head()).toBeUndefined();
  });

  it('takes an archive from before some columns were there', async () => {
    const house = await live(ofMemory);
    const file = path.join(dir, 'house.tar.gz');
    const younger = ['issued_by', 'bound_at', 'bound_by', 'revoked_by'];
    await withClient(house.database.owner, (client) =>
      client.query(`alter table identity.api_keys ${younger.map((name) => `drop column ${name}`).join(', ')}`),
    );
    await backUp(house, file);
    const database = await freshDatabase();
    const documents = sealedFiles(path.join(dir, 'restored'));
    const store = closing(createMemoryEventStore());
    await restoreBackup(await checkArchive(file), { store, owner: database.owner, appRole, documents });
    const identity = closing(createIdentity({ config: database.app }));
    expect(await identity.authenticate(house.key)).toMatchObject({ role: 'auditor', label: 'first' });
    expect((await identity.listKeys()).rows).toMatchObject([{ label: 'first', issuedBy: null }]);
  });

  it('that was broken off locks the house, and goes on with the same backup only', async () => {
    const house = await live(ofPostgres);
    const files = [path.join(dir, 'one.tar.gz'), path.join(dir, 'two.tar.gz')] as const;
    for (const file of files) await backUp(house, file);
    await house.store.append(appendOf('case-more', 'none', 'more', 1));
    const [one, two] = await Promise.all(files.map((file) => checkArchive(file)));
    const database = await freshDatabase();
    const store = closing(ofPostgres(database));
    const parts = { store, owner: database.owner, appRole, documents: sealedFiles(path.join(dir, 'restored')) };
    const broken: EventStore = {
      ...store,
      appendTogether: async (appends) => {
        await store.appendTogether(appends.slice(0, 10));
        throw new Error('pulled the plug');
      },
    };
    await expect(restoreBackup(one!, { ...parts, store: broken })).rejects.toThrow('pulled the plug');
    await expect(refuseHalfRestored(database.app)).rejects.toThrow(RestoreUnderWayError);
    if (one!.id !== two!.id) await expect(restoreBackup(two!, parts)).rejects.toThrow(NotEmptyError);
    await restoreBackup(one!, parts);
    await refuseHalfRestored(database.app);
    expect(await digestLog(store)).toMatchObject({ facts: 81, sha256: one!.manifest.facts.sha256 });
    await expect(restoreBackup(one!, parts)).rejects.toThrow(NotEmptyError);
  });

  it('writes nothing of an archive that changed after it was checked', async () => {
    const house = await live(ofMemory);
    const file = path.join(dir, 'house.tar.gz');
    await backUp(house, file);
    const archive = await checkArchive(file);
    const tar = gunzipSync(readFileSync(file));
    tar[tar.indexOf('tables/vault.house_keys/') + 520]! ^= 1;
    writeFileSync(file, gzipSync(tar));
    const database = await freshDatabase();
    const parts = {
      store: createMemoryEventStore(),
      owner: database.owner,
      appRole,
      documents: sealedFiles(path.join(dir, 'restored')),
    };
    await expect(restoreBackup(archive, parts)).rejects.toThrow('has changed since it was checked');
    expect(await rowsOf(database, 'vault.house_keys')).toEqual([]);
    await refuseHalfRestored(database.app);
  });

  it('gives each part once more when asked for it by name', async () => {
    const file = path.join(dir, 'house.tar.gz');
    await backUp(await live(ofMemory), file, new Map([['extra.json', Buffer.from('{"a":1}')]]));
    const found: string[] = [];
    for await (const { bytes } of partsOf(await checkArchive(file), 'extra')) found.push(bytes.toString());
    expect(found).toEqual(['{"a":1}']);
  });
});
