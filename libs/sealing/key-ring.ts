import { randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { encrypt, findDecrypted } from './authenticated-encryption.js';
import { KeyErasedError, UnknownKeyError, WrongMasterKeyError } from './errors.js';
import type { MasterKey } from './master-key.js';

export interface OperatorKey {
  readonly keyId: string;
  readonly key: Buffer;
}

interface KeyRow {
  readonly key_id: string;
  readonly operator_bin: string;
  readonly wrapped: string | null;
}

/**
 * For so long another process may go on using a key after it was erased: nothing tells it. What it seals in that time
 * cannot be opened later, as if it had been erased a moment afterwards.
 */
const cacheMs = 10_000;
const markName = 'master';

const operatorKeyPlace = (row: Pick<KeyRow, 'key_id' | 'operator_bin'>) =>
  `qadaga/operator-key/${row.operator_bin}/${row.key_id}`;
const houseKeyPlace = (name: string) => `qadaga/house-key/${name}`;

/** A wrapped key moved to another row or name does not unwrap: its place is authenticated. */
function unwrap(master: MasterKey, wrapped: string, place: string): Buffer {
  const pooled = findDecrypted(master, wrapped, place);
  if (pooled === undefined)
    throw new WrongMasterKeyError('the master key does not open the vault: restore the key file that belongs to it');
  // In memory of its own: as a part of Node's pool, each key that is kept would keep 8 kB.
  const key = Buffer.alloc(pooled.length, pooled);
  pooled.fill(0);
  return key;
}

/** Whether the master key is the one these rows of `vault.house_keys` were wrapped under. */
export const opensVault = (
  master: MasterKey,
  houseKeys: readonly { readonly name: string; readonly wrapped: string }[],
): boolean => houseKeys.every(({ name, wrapped }) => findDecrypted(master, wrapped, houseKeyPlace(name)) !== undefined);

/** Holds what was put in during the last `cacheMs`; the oldest stands first. */
class Cache<V> {
  private readonly entries = new Map<string, { readonly value: V; readonly until: number }>();
  find(name: string): V | undefined {
    const entry = this.entries.get(name);
    return entry !== undefined && entry.until > performance.now() ? entry.value : undefined;
  }
  put(name: string, value: V): void {
    const now = performance.now();
    for (const [old, { until }] of this.entries) {
      if (until > now) break;
      this.entries.delete(old);
    }
    this.entries.delete(name);
    this.entries.set(name, { value, until: now + cacheMs });
  }
  clear(): void {
    this.entries.clear();
  }
}

export type KeyRing = ReturnType<typeof createKeyRing>;

/** The vault's tables behind a short cache. */
export function createKeyRing(pool: Pool, firstMaster: MasterKey) {
  let master = firstMaster;
  const byOperator = new Cache<OperatorKey>();
  const byId = new Cache<Buffer>();

  const remember = (row: KeyRow): OperatorKey => {
    const key = unwrap(master, row.wrapped!, operatorKeyPlace(row));
    byOperator.put(row.operator_bin, { keyId: row.key_id, key });
    byId.put(row.key_id, key);
    return { keyId: row.key_id, key };
  };

  const selectLive = async (bins: readonly string[]): Promise<Map<string, OperatorKey>> => {
    const { rows } = await pool.query<KeyRow>(
      'select key_id, operator_bin, wrapped from vault.operator_keys where operator_bin = any($1) and erased_at is null',
      [bins],
    );
    return new Map(rows.map((row) => [row.operator_bin, remember(row)]));
  };

  /**
   * A row that only our master key opens. New keys are inserted only while it is as we read it, so that a process that
   * was not told of a new master key cannot leave one behind that nobody can open.
   */
  let mark: Promise<string> | undefined;
  const masterMark = (): Promise<string> => {
    mark ??= (async () => {
      await pool.query('insert into vault.house_keys (name, wrapped) values ($1, $2) on conflict (name) do nothing', [
        markName,
        encrypt(master, randomBytes(32), houseKeyPlace(markName)),
      ]);
      const wrapped = (await selectHouseKey(markName))!;
      unwrap(master, wrapped, houseKeyPlace(markName));
      return wrapped;
    })();
    // Nothing that failed is remembered.
    mark.catch(() => (mark = undefined));
    return mark;
  };
  const selectHouseKey = async (name: string): Promise<string | undefined> =>
    (await pool.query<{ wrapped: string }>('select wrapped from vault.house_keys where name = $1', [name])).rows[0]
      ?.wrapped;
  const refuseOldMaster = async (ours: string): Promise<void> => {
    if ((await selectHouseKey(markName)) === ours) return;
    throw new WrongMasterKeyError('the vault has a new master key: start this process again with it');
  };

  /** Whoever inserts second inserts nothing and reads the first one's key. */
  const insertMissing = async (bins: readonly string[]): Promise<void> => {
    const ours = await masterMark();
    const rows = bins.map((operator_bin) => ({ operator_bin, key_id: randomUUID() as string }));
    const { rowCount } = await pool.query(
      `with mark as materialized (select 1 from vault.house_keys where name = $4 and wrapped = $5 for share)
       insert into vault.operator_keys (key_id, operator_bin, wrapped)
       select fresh.* from unnest($1::uuid[], $2::text[], $3::text[]) as fresh, mark
       on conflict (operator_bin) where erased_at is null do nothing`,
      [
        rows.map((row) => row.key_id),
        bins,
        rows.map((row) => encrypt(master, randomBytes(32), operatorKeyPlace(row))),
        markName,
        ours,
      ],
    );
    if (rowCount === 0) await refuseOldMaster(ours);
  };

  return {
    /** The live key of each operator, made where there is none. */
    async keysFor(bins: Iterable<string>): Promise<ReadonlyMap<string, OperatorKey>> {
      const keys = new Map<string, OperatorKey>();
      let missing: string[] = [];
      for (const bin of new Set(bins)) {
        const cached = byOperator.find(bin);
        if (cached) keys.set(bin, cached);
        else missing.push(bin);
      }
      // A second round only when another process erased a key between our two statements.
      for (let round = 0; missing.length > 0 && round < 3; round++) {
        for (const [bin, key] of await selectLive(missing)) keys.set(bin, key);
        missing = missing.filter((bin) => !keys.has(bin)).sort();
        if (missing.length > 0) await insertMissing(missing);
      }
      for (const [bin, key] of missing.length > 0 ? await selectLive(missing) : []) keys.set(bin, key);
      return keys;
    },

    async keyById(keyId: string): Promise<Buffer> {
      const cached = byId.find(keyId);
      if (cached) return cached;
      const { rows } = await pool.query<KeyRow>(
        'select key_id, operator_bin, wrapped from vault.operator_keys where key_id::text = $1',
        [keyId],
      );
      const row = rows[0];
      if (row === undefined) throw new UnknownKeyError(`the vault has no key ${keyId}`);
      if (row.wrapped === null) throw new KeyErasedError(`the key ${keyId} was erased`);
      const key = unwrap(master, row.wrapped, operatorKeyPlace(row));
      byId.put(keyId, key);
      return key;
    },

    /** A key of the house itself, made at its first use and the same for every process ever after. */
    async houseKey(name: string): Promise<Buffer> {
      const ours = await masterMark();
      await pool.query(
        `with mark as materialized (select 1 from vault.house_keys where name = $3 and wrapped = $4 for share)
         insert into vault.house_keys (name, wrapped) select $1, $2 from mark on conflict (name) do nothing`,
        [name, encrypt(master, randomBytes(32), houseKeyPlace(name)), markName, ours],
      );
      const wrapped = await selectHouseKey(name);
      if (wrapped === undefined) {
        await refuseOldMaster(ours);
        throw new Error(`the house key ${name} could not be made`);
      }
      return unwrap(master, wrapped, houseKeyPlace(name));
    },

    async erase(bin: string): Promise<boolean> {
      const { rowCount } = await pool.query(
        'update vault.operator_keys set wrapped = null, erased_at = now() where operator_bin = $1 and erased_at is null',
        [bin],
      );
      byOperator.clear();
      byId.clear();
      // The old row version holds the wrapped key until the table is rewritten; also one whose rewriting failed before.
      const erased = await pool.query(
        'select 1 from vault.operator_keys where operator_bin = $1 and erased_at is not null limit 1',
        [bin],
      );
      if (erased.rows.length > 0) await pool.query('vacuum full vault.operator_keys');
      return Boolean(rowCount);
    },

    /** All or nothing. */
    async rewrap(next: MasterKey): Promise<number> {
      await masterMark();
      const client = await pool.connect();
      try {
        await client.query('begin');
        // Holds back whoever is making keys under the old master; see `masterMark`.
        await client.query('select 1 from vault.house_keys where name = $1 for update', [markName]);
        const operators = await client.query<KeyRow>(
          'select key_id, operator_bin, wrapped from vault.operator_keys where erased_at is null',
        );
        await client.query(
          `update vault.operator_keys k set wrapped = n.wrapped
           from unnest($1::uuid[], $2::text[]) as n (key_id, wrapped) where k.key_id = n.key_id`,
          [
            operators.rows.map((row) => row.key_id),
            operators.rows.map((row) => {
              const place = operatorKeyPlace(row);
              return encrypt(next, unwrap(master, row.wrapped!, place), place);
            }),
          ],
        );
        const house = await client.query<{ name: string; wrapped: string }>(
          'select name, wrapped from vault.house_keys',
        );
        for (const { name, wrapped } of house.rows)
          await client.query('update vault.house_keys set wrapped = $2 where name = $1', [
            name,
            encrypt(next, unwrap(master, wrapped, houseKeyPlace(name)), houseKeyPlace(name)),
          ]);
        await client.query('commit');
        master = next;
        mark = undefined;
        return operators.rows.length;
      } catch (error) {
        await client.query('rollback').catch(() => {});
        throw error;
      } finally {
        client.release();
      }
    },
  };
}
