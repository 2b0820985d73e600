import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ClientConfig } from 'pg';
import { drawUuid, instant } from '#libs/kernel';
import { withClient } from '#libs/postgres';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { createAttemptLimiter } from './attempt-limiter.js';
import {
  actorOf,
  clientRoles,
  createFirstKeys,
  createIdentity,
  formatApiKey,
  migrateIdentity,
  TooManyAttemptsError,
  type Identity,
  type IdentityOptions,
  type KeyRequest,
} from './index.js';

const bin = '940140000385';
const otherBin = '970740000838';
const by = 'command-line';
let database: TestDatabase;
const opened: Identity[] = [];
const identity = (options: Partial<IdentityOptions> = {}) => {
  const made = createIdentity({
    config: database.app,
    clock: { now: () => instant('2021-01-10T19:00:00Z') },
    ...options,
  });
  opened.push(made);
  return made;
};
const query = (text: string, config: ClientConfig) =>
  withClient(config, async (client) => (await client.query(text)).rows);

beforeAll(async () => {
  database = await (await sharedTestPostgres()).createDatabase();
  await Promise.all([migrateIdentity(database.owner), migrateIdentity(database.owner)]);
});
afterEach(() => Promise.all(opened.splice(0).map((one) => one.close())));
afterAll(() => database.drop());

describe('first keys', () => {
  it('are one per role, written down for the owner of the home only, once', async () => {
    const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-keys-'));
    try {
      const [a, b] = await Promise.all([createFirstKeys(database.app, home), createFirstKeys(database.app, home)]);
      expect([a.created, b.created].sort()).toEqual([false, true]);
      if (process.platform !== 'win32') expect(statSync(a.file).mode & 0o777).toBe(0o600);
      const lines = readFileSync(a.file, 'utf8')
        .split('\n')
        .filter((line) => /^[a-z]/.test(line));
      expect(lines.map((line) => line.split(/ +/)[0])).toEqual(clientRoles);
      const one = identity();
      for (const line of lines) {
        const [role, key] = line.split(/ +/) as [string, string];
        const account = await one.authenticate(key);
        expect(account).toMatchObject({ role });
        expect(account?.operatorBin).toBe(role === 'operator' ? bin : undefined);
      }
      expect((await createFirstKeys(database.app, home)).created).toBe(false);
      const { rows } = await one.listKeys();
      expect(rows.map(({ issuedBy }) => issuedBy)).toEqual(clientRoles.map(() => 'first-start'));
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
});

describe('API keys', () => {
  it('are known by their hash alone', async () => {
    const one = identity();
    const issued = await one.issueKey({ role: 'auditor', label: 'prosecutor' }, by);
    expect(issued.key).toMatch(/^qdg_auditor_[\w-]{43}$/);
    expect(await one.authenticate(` ${issued.key} `)).toEqual({
      id: issued.accountId,
      keyId: issued.keyId,
      role: 'auditor',
      label: 'prosecutor',
    });
    const stored = JSON.stringify(await query('select k::text from identity.api_keys k', database.owner));
    expect(stored).toContain('prosecutor');
    expect(stored).not.toContain(issued.key.slice(-43));
    expect(await one.findKey(issued.keyId)).toEqual({
      keyId: issued.keyId,
      accountId: issued.accountId,
      role: 'auditor',
      operatorBin: null,
      label: 'prosecutor',
      createdAt: '2021-01-10T19:00:00.000Z',
      issuedBy: 'command-line',
      boundAt: null,
      boundBy: null,
      revokedAt: null,
      revokedBy: null,
      lastUsedOn: '2021-01-11',
    });
  });
  it('are refused when malformed, unknown, or of a changed role', async () => {
    const one = identity();
    const { key } = await one.issueKey({ role: 'auditor', label: 'x' }, by);
    for (const wrong of [
      '',
      'qdg_auditor_',
      `${key}x`,
      key.slice(0, -1),
      key.replace('auditor', 'administrator'),
      formatApiKey('auditor'),
    ])
      expect(await one.authenticate(wrong)).toBeUndefined();
  });
  it('end with their revocation, at once here and elsewhere when the cache runs out', async () => {
    const one = identity();
    const other = identity({ cacheMs: 0 });
    const { key, keyId } = await one.issueKey({ role: 'registrar', label: 'desk' }, by);
    expect(await one.authenticate(key)).toBeDefined();
    expect(await other.authenticate(key)).toBeDefined();
    const revoked = await one.revokeKey(keyId, by);
    expect(revoked).toMatchObject({ keyId, revokedAt: '2021-01-10T19:00:00.000Z', revokedBy: by });
    expect(await one.revokeKey(keyId, 'first-start')).toEqual(revoked);
    await expect(one.revokeKey('no-such-key', by)).rejects.toThrow('api-key-unknown');
    expect(await one.authenticate(key)).toBeUndefined();
    expect(await other.authenticate(key)).toBeUndefined();
  });
  it('belong to accounts, which keep their operator', async () => {
    const one = identity();
    const first = await one.issueKey({ role: 'operator', label: 'erp' }, by);
    expect((await one.authenticate(first.key))?.operatorBin).toBeUndefined();
    await one.bindOperator(first.accountId, bin, by);
    await one.bindOperator(first.accountId, bin, 'first-start');
    expect(await one.findKey(first.keyId)).toMatchObject({
      operatorBin: bin,
      boundAt: '2021-01-10T19:00:00.000Z',
      boundBy: by,
    });
    await expect(one.bindOperator(first.accountId, otherBin, by)).rejects.toThrow('account-bound');
    const second = await one.issueKey({ role: 'operator', label: 'new erp', accountId: first.accountId }, by);
    expect(await one.authenticate(second.key)).toMatchObject({
      id: first.accountId,
      operatorBin: bin,
      label: 'new erp',
    });
    const wrong: readonly (readonly [Partial<KeyRequest>, string])[] = [
      [{ accountId: first.accountId }, 'account-unknown'],
      [{ role: 'operator', operatorBin: otherBin, accountId: first.accountId }, 'account-unknown'],
      [{ operatorBin: bin }, 'bin-not-allowed'],
      [{ role: 'system' as 'auditor' }, 'no key is given for the role system'],
    ];
    for (const [request, why] of wrong)
      await expect(one.issueKey({ role: 'auditor', label: 'x', ...request }, by)).rejects.toThrow(why);
    const { accountId } = await one.issueKey({ role: 'auditor', label: 'x' }, by);
    await expect(one.bindOperator(accountId, bin, by)).rejects.toThrow('account-not-operator');
    await expect(one.bindOperator(drawUuid(), bin, by)).rejects.toThrow('account-unknown');
  });
  it('cannot be removed or handed to another role by the application', async () => {
    for (const text of [
      'delete from identity.api_keys',
      `update identity.api_keys set role = 'senior-officer'`,
      'update identity.api_keys set key_hash = key_hash',
      `update identity.api_keys set issued_by = 'somebody else'`,
    ])
      await expect(query(text, database.app)).rejects.toThrow('permission denied');
  });
  it('may be tried wrongly only so often from one place; a key known to be right still works from there', async () => {
    const one = identity({ limits: { burst: 3, forgiveSeconds: 1_000 }, cacheMs: 0 });
    const { key } = await one.issueKey({ role: 'auditor', label: 'x' }, by);
    expect(await one.authenticate(key, 'a')).toBeDefined();
    for (let n = 0; n < 3; n++) expect(await one.authenticate(formatApiKey('auditor'), 'a')).toBeUndefined();
    await expect(one.authenticate(formatApiKey('auditor'), 'a')).rejects.toThrow(TooManyAttemptsError);
    await expect(one.authenticate('', 'a')).rejects.toThrow(TooManyAttemptsError);
    expect(await one.authenticate(key, 'a')).toBeDefined();
    expect(await one.authenticate(formatApiKey('auditor'), 'b')).toBeUndefined();
  });
});

describe('the limit on wrong keys', () => {
  it('forgives with time', () => {
    let now = 0;
    const limiter = createAttemptLimiter({ burst: 2, forgiveSeconds: 10 }, () => now);
    limiter.failed('a');
    limiter.check('a');
    limiter.failed('a');
    expect(() => limiter.check('a')).toThrow(new TooManyAttemptsError(10));
    now = 9_999;
    expect(() => limiter.check('a')).toThrow(TooManyAttemptsError);
    now = 10_000;
    limiter.check('a');
    for (let n = 0; n < 20_000; n++) limiter.failed(`place ${n}`);
    limiter.check('a');
  });
});

describe('an actor', () => {
  it('is the account without its name', () => {
    const account = { id: 'a-1', keyId: 'k-1', role: 'operator', operatorBin: bin, label: 'Aigerim' } as const;
    expect(actorOf(account)).toEqual({ kind: 'service', id: 'a-1', role: 'operator' });
    expect(actorOf({ ...account, role: 'case-officer' }).kind).toBe('person');
    expect(actorOf(account, 'person').kind).toBe('person');
  });
});
