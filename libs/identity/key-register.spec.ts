import type pg from 'pg';
import { drawUuid, instant } from '#libs/kernel';
import { withClient } from '#libs/postgres';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { createIdentity, migrateIdentity, type ClientRole, type Identity, type KeyListRequest } from './index.js';

const bin = '940140000385';
let database: TestDatabase;
let now = 0;
const clock = { now: () => instant(new Date(Date.UTC(2021, 0, 10, 19) + now++).toISOString()) };
const opened: Identity[] = [];
const identity = (cacheMs = 10_000) => {
  const made = createIdentity({ config: database.app, clock, cacheMs });
  opened.push(made);
  return made;
};

beforeEach(async () => {
  database = await (await sharedTestPostgres()).createDatabase();
  await migrateIdentity(database.owner);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  await database.drop();
});

/** A key and, as the author of changes, its holder. */
async function issued(one: Identity, role: ClientRole) {
  const { key, keyId, accountId } = await one.issueKey({ role, label: role }, 'first-start');
  return { key, keyId, accountId, author: { id: accountId, keyId } };
}
const codes = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((one) =>
    one.status === 'fulfilled' ? 'done' : (one.reason as { rejection: { code: string } }).rejection.code,
  );

describe('a key with an id of its own', () => {
  it('is made once, also when several processes are asked at once', async () => {
    const keyId = drawUuid();
    const ask = (one: Identity) => one.issueKey({ role: 'auditor', label: 'x', keyId }, 'command-line');
    const answers = await Promise.allSettled([ask(identity()), ask(identity()), ask(identity())]);
    expect(codes(answers).sort()).toEqual(['api-key-issued', 'api-key-issued', 'done']);
    await expect(ask(identity())).rejects.toThrow(`this request issued key ${keyId} already`);
    expect((await identity().listKeys()).rows.map((row) => row.keyId)).toEqual([keyId]);
  });
});

describe("an administrator's key", () => {
  it('is never the last one revoked over HTTP, however many are at it', async () => {
    const [one, other] = [identity(), identity()];
    const [a, b] = [await issued(one, 'administrator'), await issued(one, 'administrator')];
    const answers = await Promise.allSettled([one.revokeKey(a.keyId, a.author), other.revokeKey(b.keyId, b.author)]);
    expect(codes(answers).sort()).toEqual(['done', 'last-administrator-key']);
    const { rows } = await one.listKeys({ role: 'administrator', revoked: false });
    expect(rows).toHaveLength(1);
    const last = rows[0]!;
    await one.issueKey({ role: 'auditor', label: 'not an administrator' }, 'command-line');
    await expect(one.revokeKey(last.keyId, { id: last.accountId, keyId: last.keyId })).rejects.toThrow(
      'last-administrator-key',
    );
    expect(await one.revokeKey(last.keyId, 'command-line')).toMatchObject({ revokedBy: 'command-line' });
  });

  it('changes no key any more once it is revoked, wherever it is still believed', async () => {
    const [one, elsewhere] = [identity(), identity()];
    const [a, b] = [await issued(one, 'administrator'), await issued(one, 'administrator')];
    expect(await elsewhere.authenticate(b.key)).toBeDefined();
    expect(await one.revokeKey(b.keyId, a.author)).toMatchObject({ revokedBy: a.accountId });
    expect(await elsewhere.authenticate(b.key)).toBeDefined();
    for (const change of [
      elsewhere.issueKey({ role: 'administrator', label: 'successor' }, b.author),
      elsewhere.revokeKey(a.keyId, b.author),
      elsewhere.bindOperator(a.accountId, bin, b.author),
    ])
      await expect(change).rejects.toThrow('own-key-revoked');
    expect((await one.listKeys()).rows).toHaveLength(2);
  });
});

describe('a revocation', () => {
  it('also ends what was being looked up when it came', async () => {
    const one = identity();
    const { key, keyId } = await issued(one, 'registrar');
    await withClient(database.owner, async (client) => {
      // The look finds the key and is held up when it notes the day; the revocation passes it.
      await client.query(`
        create function hold() returns trigger language plpgsql as
          $$ begin perform pg_advisory_xact_lock(1); return null; end $$;
        create trigger hold before update of last_used_on on identity.api_keys execute function hold();
        select pg_advisory_lock(1)`);
      const looking = one.authenticate(key);
      const waiting = `select from pg_locks where locktype = 'advisory' and not granted`;
      while ((await client.query(waiting)).rows.length === 0);
      await one.revokeKey(keyId, 'command-line');
      await client.query('select pg_advisory_unlock(1)');
      await looking;
    });
    expect(await one.authenticate(key)).toBeUndefined();
  });
});

describe('the list of keys', () => {
  it('is told by its filters, and page by page from the oldest', async () => {
    const one = identity();
    const made = [];
    for (const role of ['operator', 'auditor', 'operator', 'registrar', 'operator'] as const)
      made.push(await issued(one, role));
    const [first, auditor, third] = made.map(({ keyId }) => keyId);
    await one.bindOperator(made[0]!.accountId, bin, 'command-line');
    await one.revokeKey(third!, 'command-line');
    const ids = async (request: KeyListRequest) => (await one.listKeys(request)).rows.map(({ keyId }) => keyId);
    expect(await ids({ role: 'auditor' })).toEqual([auditor]);
    expect(await ids({ operatorBin: bin })).toEqual([first]);
    expect(await ids({ revoked: true })).toEqual([third]);
    expect(await ids({ role: 'operator', revoked: false })).toEqual([first, made[4]!.keyId]);
    expect(await ids({ accountId: made[3]!.accountId })).toEqual([made[3]!.keyId]);
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await one.listKeys({ limit: 2, cursor });
      pages.push(page.rows.map(({ keyId }) => keyId));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(pages.map((page) => page.length)).toEqual([2, 2, 1]);
    expect(pages.flat()).toEqual(made.map(({ keyId }) => keyId));
    for (const wrong of ['x', drawUuid()])
      await expect(one.listKeys({ cursor: wrong })).rejects.toThrow('cursor-malformed');
  });
});

describe('the table of an earlier release', () => {
  const later = ['issued_by', 'bound_at', 'bound_by', 'revoked_by'];
  const insert = `insert into identity.api_keys (key_id, account_id, key_hash, role, label, created_at)
    values ($1, $2, sha256($3::text::bytea), 'auditor', 'old', now())`;
  const byOldRelease = (client: pg.Client) => client.query(insert, [drawUuid(), drawUuid(), drawUuid()]);

  it('is completed with its keys, and that release goes on working on it', async () => {
    await withClient(database.owner, (client) =>
      client.query(`alter table identity.api_keys ${later.map((name) => `drop column ${name}`).join(', ')}`),
    );
    await withClient(database.app, byOldRelease);
    await migrateIdentity(database.owner);
    await withClient(database.app, async (client) => {
      await byOldRelease(client);
      await client.query(`update identity.api_keys set revoked_at = now() where revoked_at is null`);
    });
    const { rows } = await identity().listKeys({ revoked: true });
    const nothing = { issuedBy: null, boundAt: null, boundBy: null, revokedBy: null };
    expect(rows).toMatchObject([nothing, nothing]);
  });

  it('keeps nobody waiting when it is complete already', async () => {
    await withClient(database.owner, async (reader) => {
      await reader.query('begin; select from identity.api_keys');
      await migrateIdentity({ ...database.owner, options: '-c lock_timeout=2s' });
    });
  });
});
