import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { ClientBase, PoolConfig } from 'pg';
import { dayAt, systemClock, type Clock, type Zone } from '#libs/kernel';
import { lastingPool } from '#libs/postgres';
import type { Account } from './account.js';
import { clientRoles, findApiKey, formatApiKey, hashApiKey, type ClientRole } from './api-key.js';
import { createAttemptLimiter, type AttemptLimits } from './attempt-limiter.js';

export interface KeyRequest {
  readonly role: ClientRole;
  /** Of role `operator` only; may also be bound later. */
  readonly operatorBin?: string;
  readonly label: string;
  /** Another key for an account there is already, e.g. before the old one is revoked. Its role and operator stay. */
  readonly accountId?: string;
}

export interface IssuedKey {
  readonly keyId: string;
  readonly accountId: string;
  /** Shown now and never again: only its hash is kept. */
  readonly key: string;
}

export interface KeyEntry {
  readonly keyId: string;
  readonly accountId: string;
  readonly role: ClientRole;
  readonly operatorBin: string | null;
  readonly label: string;
  readonly createdAt: string;
  readonly revokedAt: string | null;
  readonly lastUsedOn: string | null;
}

export interface IdentityOptions {
  /** Of the application's database user; `migrateIdentity` has run. */
  readonly config: PoolConfig;
  readonly clock?: Clock;
  /** Whose day `last_used_on` is. Default Asia/Almaty. */
  readonly zone?: Zone;
  readonly limits?: AttemptLimits;
  /** For so long a revoked key may go on working in other processes. Default 10,000. */
  readonly cacheMs?: number;
}

export interface Identity {
  /**
   * The account of a presented key, or undefined. `source` is where it came from (an address), for the limit on wrong ones.
   * @throws TooManyAttemptsError for another key that was not right before, once a source had too many wrong ones.
   */
  authenticate(presented: string, source?: string): Promise<Account | undefined>;
  /** @throws RangeError for an operator's BIN with another role, or an unknown account. */
  issueKey(request: KeyRequest): Promise<IssuedKey>;
  /** False when there is no such key, or it was revoked before. */
  revokeKey(keyId: string): Promise<boolean>;
  /** Binds an operator's account that has no operator yet; false when it has one or there is none. */
  bindOperator(accountId: string, operatorBin: string): Promise<boolean>;
  listKeys(): Promise<readonly KeyEntry[]>;
  close(): Promise<void>;
}

interface KeyRow {
  readonly key_id: string;
  readonly account_id: string;
  readonly key_hash: Buffer;
  readonly role: ClientRole;
  readonly operator_bin: string | null;
  readonly label: string;
  readonly last_used_on: string | null;
}

type Queries = Pick<ClientBase, 'query'>;

/** Within the caller's transaction if it gives its connection. */
export async function insertKey(db: Queries, request: KeyRequest, clock: Clock): Promise<IssuedKey> {
  const { role, operatorBin = null, label, accountId } = request;
  if (!clientRoles.includes(role)) throw new RangeError(`no key is given for the role ${role}`);
  if (operatorBin !== null && role !== 'operator') throw new RangeError('only an operator has a BIN');
  const keyId = randomUUID();
  const key = formatApiKey(role);
  const values = [keyId, accountId ?? randomUUID(), hashApiKey(key), role, operatorBin, label, clock.now()];
  const columns = '(key_id, account_id, key_hash, role, operator_bin, label, created_at)';
  const { rows } = await db.query<{ account_id: string }>(
    accountId === undefined
      ? `insert into identity.api_keys ${columns} values ($1, $2, $3, $4, $5, $6, $7) returning account_id`
      : `insert into identity.api_keys ${columns}
         select $1, account_id, $3, role, operator_bin, $6, $7 from identity.api_keys
         where account_id = $2 and role = $4 and ($5::text is null or operator_bin = $5)
         order by created_at desc limit 1 returning account_id`,
    values,
  );
  if (rows[0] === undefined) throw new RangeError('there is no such account of this role and operator');
  return { keyId, accountId: rows[0].account_id, key };
}

const keyColumns = 'key_id, account_id, key_hash, role, operator_bin, label, last_used_on::text';
const cacheSize = 10_000;

export function createIdentity(options: IdentityOptions): Identity {
  const { config, clock = systemClock, zone = 'Asia/Almaty', cacheMs = 10_000 } = options;
  const pool = lastingPool({ max: 2, ...config });
  const limiter = createAttemptLimiter(options.limits);
  /** By the hex of the hash. An entry past its time is asked for again, but not held against its source's limit. */
  const right = new Map<string, { readonly account: Account; readonly until: number }>();

  async function lookUp(hash: Buffer): Promise<Account | undefined> {
    const { rows } = await pool.query<KeyRow>(
      `select ${keyColumns} from identity.api_keys where key_hash = $1 and revoked_at is null`,
      [hash],
    );
    const row = rows[0];
    if (row === undefined || !timingSafeEqual(row.key_hash, hash)) return undefined;
    const today = dayAt(clock.now(), zone);
    if (row.last_used_on === null || row.last_used_on < today)
      await pool.query('update identity.api_keys set last_used_on = $2 where key_id = $1', [row.key_id, today]);
    return {
      id: row.account_id,
      keyId: row.key_id,
      role: row.role,
      label: row.label,
      ...(row.operator_bin === null ? {} : { operatorBin: row.operator_bin }),
    };
  }

  /** One look at a time per key: when an entry ends, every connection of its holder asks at once. */
  const looking = new Map<string, Promise<Account | undefined>>();
  const lookUpOnce = (name: string, hash: Buffer): Promise<Account | undefined> => {
    const running = looking.get(name) ?? lookUp(hash).finally(() => looking.delete(name));
    looking.set(name, running);
    return running;
  };

  return {
    async authenticate(presented, source = 'unknown') {
      const key = findApiKey(presented);
      const hash = key === undefined ? undefined : hashApiKey(key);
      const name = hash?.toString('hex') ?? '';
      const known = right.get(name);
      if (known !== undefined && known.until > performance.now()) return known.account;
      // A place full of wrong keys must not keep out the one right key that also comes from there.
      if (known === undefined) limiter.check(source);
      const account = hash && (await lookUpOnce(name, hash));
      right.delete(name);
      if (account === undefined) {
        limiter.failed(source);
        return undefined;
      }
      if (right.size >= cacheSize) right.delete(right.keys().next().value!);
      right.set(name, { account, until: performance.now() + cacheMs });
      return account;
    },
    issueKey: (request) => insertKey(pool, request, clock),
    async revokeKey(keyId) {
      const { rowCount } = await pool.query(
        'update identity.api_keys set revoked_at = $2 where key_id::text = $1 and revoked_at is null',
        [keyId, clock.now()],
      );
      right.clear();
      return Boolean(rowCount);
    },
    async bindOperator(accountId, operatorBin) {
      const { rowCount } = await pool.query(
        `update identity.api_keys set operator_bin = $2
         where account_id::text = $1 and role = 'operator' and operator_bin is null`,
        [accountId, operatorBin],
      );
      right.clear();
      return Boolean(rowCount);
    },
    async listKeys() {
      const { rows } = await pool.query<KeyRow & { created_at: Date; revoked_at: Date | null }>(
        `select ${keyColumns}, created_at, revoked_at from identity.api_keys order by created_at, key_id`,
      );
      return rows.map((row) => ({
        keyId: row.key_id,
        accountId: row.account_id,
        role: row.role,
        operatorBin: row.operator_bin,
        label: row.label,
        createdAt: row.created_at.toISOString(),
        revokedAt: row.revoked_at?.toISOString() ?? null,
        lastUsedOn: row.last_used_on,
      }));
    },
    close: () => pool.end(),
  };
}
