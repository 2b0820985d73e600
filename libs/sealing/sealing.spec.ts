import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { withClient } from '#libs/postgres';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../embedded/testing.js';
import {
  commitmentOf,
  createSealer,
  KeyErasedError,
  loadMasterKey,
  migrateVault,
  UnknownKeyError,
  WrongMasterKeyError,
  type MasterKey,
  type Sealer,
} from './index.js';
import { createKeyRing } from './key-ring.js';

const bin = '940140000385';
const otherBin = '970740000838';
let server: TestPostgres;
let database: TestDatabase;
const masterKey: MasterKey = randomBytes(32);
const opened: Sealer[] = [];
const sealer = (key = masterKey) => {
  const made = createSealer({ config: database.app, masterKey: key });
  opened.push(made);
  return made;
};
const query = <T extends pg.QueryResultRow>(text: string, user: pg.ClientConfig = database.owner): Promise<T[]> =>
  withClient(user, async (client) => (await client.query<T>(text)).rows);

beforeAll(async () => {
  server = await sharedTestPostgres();
});
beforeEach(async () => {
  database = await server.createDatabase();
  await Promise.all([migrateVault(database.owner), migrateVault(database.owner)]);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await database.drop();
});

describe('a sealer', () => {
  it('opens what it sealed, and proves it against the commitment', async () => {
    const text = '{"iban":"KZ86125KZT5004100100","holder":"Қазақ қазушылары"}';
    const sealed = await sealer().seal(bin, text);
    const { text: again, salt } = await sealer().open(sealed);
    expect(again).toBe(text);
    expect(salt).toMatch(/^[0-9a-f]{64}$/);
    const expected = createHash('sha256').update(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(text)]));
    expect(sealed.commitment).toBe(expected.digest('hex'));
    expect(commitmentOf(salt, text)).toBe(sealed.commitment);
    expect(Buffer.from(sealed.cipher, 'base64')).toHaveLength(
      12 + 16 + Buffer.byteLength(JSON.stringify({ salt, text })),
    );
  });
  it('never seals the same text the same way twice', async () => {
    const one = sealer();
    const [a, b] = [await one.seal(bin, 'x'), await one.seal(bin, 'x')];
    expect(a.keyId).toBe(b.keyId);
    expect(a.cipher).not.toBe(b.cipher);
    expect(a.commitment).not.toBe(b.commitment);
  });
  it('refuses what was altered or moved under another key', async () => {
    const one = sealer();
    const [mine, other] = await one.sealMany([
      { operatorBin: bin, text: 'mine' },
      { operatorBin: otherBin, text: 'other' },
    ]);
    const bytes = Buffer.from(mine!.cipher, 'base64');
    bytes[20]! ^= 1;
    await expect(one.open({ ...mine!, cipher: bytes.toString('base64') })).rejects.toThrow('altered');
    await expect(one.open({ ...mine!, keyId: other!.keyId })).rejects.toThrow('altered');
    await expect(one.open({ ...mine!, commitment: other!.commitment })).rejects.toThrow('altered');
    await expect(one.open({ ...mine!, cipher: '' })).rejects.toThrow('altered');
    await expect(one.open({ ...mine!, keyId: 'no-such-key' })).rejects.toThrow(UnknownKeyError);
  });
  it('has one key per operator, however many processes meet it first at once', async () => {
    const processes = Array.from({ length: 6 }, () => sealer());
    const sealed = await Promise.all(processes.flatMap((one) => [one.seal(bin, 'a'), one.seal(otherBin, 'b')]));
    expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(2);
    for (const one of sealed) await processes[0]!.open(one);
  });
  it('keeps of a key in memory the key and no more', async () => {
    const pool = new pg.Pool(database.app);
    try {
      const { key } = (await createKeyRing(pool, masterKey).keysFor([bin])).get(bin)!;
      expect(key).toHaveLength(32);
      expect(key.buffer.byteLength).toBe(32);
    } finally {
      await pool.end();
    }
  });

  it('seals many in their order', async () => {
    const secrets = Array.from({ length: 500 }, (_, n) => ({ operatorBin: `bin-${n % 40}`, text: `text ${n}` }));
    const one = sealer();
    const sealed = await one.sealMany(secrets);
    const texts = await Promise.all(sealed.map(async (each) => (await one.open(each)).text));
    expect(texts).toEqual(secrets.map(({ text }) => text));
    expect(await one.sealMany([])).toEqual([]);
  });
  it('erases a key for good, keeps that it did, and goes on with a new one', async () => {
    const one = sealer();
    const sealed = await one.seal(bin, 'forget me');
    const kept = await one.seal(otherBin, 'keep me');
    expect(await one.erase(bin)).toBe(true);
    expect(await one.erase(bin)).toBe(false);
    await expect(one.open(sealed)).rejects.toThrow(KeyErasedError);
    await expect(sealer().open(sealed)).rejects.toThrow(KeyErasedError);
    expect((await one.open(kept)).text).toBe('keep me');
    const fresh = await one.seal(bin, 'new');
    expect(fresh.keyId).not.toBe(sealed.keyId);
    expect((await one.open(fresh)).text).toBe('new');
    expect(await query(`select count(erased_at)::int as erased from vault.operator_keys`)).toEqual([{ erased: 1 }]);
  });
  it('opens old secrets after the master key was changed, and not with the old one', async () => {
    const one = sealer();
    const sealed = await one.seal(bin, 'lasting');
    const before = (await one.requestHasher())('request');
    const next: MasterKey = randomBytes(32);
    const stale = sealer();
    await stale.seal(otherBin, 'x');
    expect(await one.rewrap(next)).toBe(2);
    await expect(stale.seal('010940000162', 'new')).rejects.toThrow(WrongMasterKeyError);
    expect((await one.open(sealed)).text).toBe('lasting');
    const restarted = sealer(next);
    expect((await restarted.open(sealed)).text).toBe('lasting');
    expect((await restarted.requestHasher())('request')).toBe(before);
    await expect(sealer().open(sealed)).rejects.toThrow(WrongMasterKeyError);
    await expect(sealer().requestHasher()).rejects.toThrow(WrongMasterKeyError);
  });
  it('changes nothing when it cannot rewrap everything', async () => {
    await sealer().seal(bin, 'x');
    const rows = 'select key_id, wrapped from vault.operator_keys';
    const before = await query(rows);
    await expect(sealer(randomBytes(32)).rewrap(randomBytes(32))).rejects.toThrow(WrongMasterKeyError);
    expect(await query(rows)).toEqual(before);
  });
  it('hashes requests the same for ever, in every process, and not without the key', async () => {
    const [a, b] = await Promise.all([sealer().requestHasher(), sealer().requestHasher()]);
    expect(a('{"a":1}')).toBe(b('{"a":1}'));
    expect(a('{"a":1}')).not.toBe(a('{"a":2}'));
    expect(a('{"a":1}')).not.toBe(createHash('sha256').update('{"a":1}').digest('hex'));
  });
});

describe('the vault', () => {
  it('does not let the application remove a key or move it to another operator', async () => {
    await sealer().seal(bin, 'x');
    for (const text of [
      'delete from vault.operator_keys',
      'truncate vault.house_keys',
      `update vault.operator_keys set operator_bin = '${otherBin}'`,
    ])
      await expect(query(text, database.app)).rejects.toThrow('permission denied');
  });
  it('has nothing in the clear in any file of the database, while what was not sealed is there', async () => {
    const secret = `KZ86125KZT${randomBytes(5).toString('hex')}`;
    const open = `open-${randomBytes(8).toString('hex')}`;
    const sealed = await sealer().seal(bin, secret);
    const [{ wrapped }] = (await query<{ wrapped: string }>('select wrapped from vault.operator_keys')) as [
      { wrapped: string },
    ];
    await sealer().seal(otherBin, 'x');
    await sealer().erase(bin);
    await query(`create table kept (a text); insert into kept values ('${JSON.stringify({ open, sealed })}')`);
    const superuser = server.server.config(database.name, 'superuser');
    await query('checkpoint', superuser);
    const [{ file, directory }] = (await query<{ file: string; directory: string }>(
      `select pg_relation_filepath('vault.operator_keys') as file, current_setting('data_directory') as directory`,
      superuser,
    )) as [{ file: string; directory: string }];
    let seenOpen = 0;
    const look = (folder: string) => {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        const name = path.join(folder, entry.name);
        if (entry.isDirectory()) look(name);
        else if (entry.isFile()) {
          const bytes = readFileSync(name);
          if (bytes.includes(open)) seenOpen++;
          for (const form of [secret, Buffer.from(secret).toString('hex'), masterKey])
            if (bytes.includes(form)) throw new Error(`${name} shows a secret`);
        }
      }
    };
    look(directory);
    expect(seenOpen).toBeGreaterThan(0);
    expect(readFileSync(path.join(directory, file)).includes(wrapped)).toBe(false);
  });
});

describe('the master key', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-master-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));
  it('is made once, for its owner only', () => {
    const key = loadMasterKey({ home });
    expect(key).toHaveLength(32);
    expect(loadMasterKey({ home })).toEqual(key);
    const file = path.join(home, 'secrets', 'master.key');
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(['master.key']);
  });
  it('is not made where a file was named, and not taken from one that others can read', () => {
    const file = path.join(home, 'key');
    expect(() => loadMasterKey({ home, file })).toThrow('does not exist');
    writeFileSync(file, `${'ab'.repeat(32)}\n`, { mode: 0o600 });
    expect(loadMasterKey({ home, file }).toString('hex')).toBe('ab'.repeat(32));
    chmodSync(file, 0o644);
    if (process.platform !== 'win32') expect(() => loadMasterKey({ home, file })).toThrow('0600');
    chmodSync(file, 0o600);
    writeFileSync(file, 'short');
    expect(() => loadMasterKey({ home, file })).toThrow('64 hexadecimal');
  });
});
