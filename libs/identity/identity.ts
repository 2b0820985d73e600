import { timingSafeEqual } from 'node:crypto';
import type { PoolConfig } from 'pg';
import { dayAt, systemClock, type Clock, type Zone } from '#libs/kernel';
import { lastingPool } from '#libs/postgres';
import type { Account } from './account.js';
import { findApiKey, hashApiKey, type ClientRole } from './api-key.js';
import { createAttemptLimiter, type AttemptLimits } from './attempt-limiter.js';
import {
  bindOperator,
  findKey,
  issueKey,
  listAccounts,
  listKeys,
  revokeKey,
  type AccountEntry,
  type IssuedKey,
  type KeyAuthor,
  type KeyEntry,
  type KeyListRequest,
  type KeyPage,
  type KeyRequest,
} from './key-register.js';

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
  /**
   * @throws RejectedError for a BIN with another role than an operator's, an account that is not there, a `keyId` that was
   *   issued before, and, as every change, when the author's own key has been revoked
   */
  issueKey(request: KeyRequest, by: KeyAuthor): Promise<IssuedKey>;
  /**
   * The key as it is then; one that was revoked before stays as it is.
   * @throws RejectedError for an unknown key, and for an administrator's last unless the command line asks
   */
  revokeKey(keyId: string, by: KeyAuthor): Promise<KeyEntry>;
  /**
   * Binds an operator's account, with all its keys, that has no operator yet; bound to this one it stays as it is.
   * @throws RejectedError for an unknown account, another role's, and one that has another operator
   */
  bindOperator(accountId: string, operatorBin: string, by: KeyAuthor): Promise<void>;
  findKey(keyId: string): Promise<KeyEntry | undefined>;
  /** @throws RejectedError for a cursor that is not of this list */
  listKeys(request?: KeyListRequest): Promise<KeyPage>;
  /** Accounts of these roles with a key that was not revoked. */
  listAccounts(roles: readonly ClientRole[]): Promise<readonly AccountEntry[]>;
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
    const found = looking.get(name);
    if (found !== undefined) return found;
    const running = lookUp(hash).finally(() => {
      if (looking.get(name) === running) looking.delete(name);
    });
    looking.set(name, running);
    return running;
  };

  let changes = 0;
  /** What was looked up before a change is asked for again, what is being looked up is not kept, whatever came of the change. */
  async function changing<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } finally {
      changes++;
      looking.clear();
      for (const [name, { account }] of right) right.set(name, { account, until: 0 });
    }
  }

  return {
    async authenticate(presented, source = 'unknown') {
      const key = findApiKey(presented);
      const hash = key === undefined ? undefined : hashApiKey(key);
      const name = hash?.toString('hex') ?? '';
      const known = right.get(name);
      if (known !== undefined && known.until > performance.now()) return known.account;
      // A place full of wrong keys must not keep out the one right key that also comes from there.
      if (known === undefined) limiter.check(source);
      const before = changes;
      const account = hash && (await lookUpOnce(name, hash));
      right.delete(name);
      if (account === undefined) {
        limiter.failed(source);
        return undefined;
      }
      if (right.size >= cacheSize) right.delete(right.keys().next().value!);
      right.set(name, { account, until: changes === before ? performance.now() + cacheMs : 0 });
      return account;
    },
    issueKey: (request, by) => issueKey(pool, clock, request, by),
    revokeKey: (keyId, by) => changing(revokeKey(pool, clock, keyId, by)),
    bindOperator: (accountId, operatorBin, by) => changing(bindOperator(pool, clock, accountId, operatorBin, by)),
    findKey: (keyId) => findKey(pool, keyId),
    listKeys: (request = {}) => listKeys(pool, request),
    listAccounts: (roles) => listAccounts(pool, roles),
    close: () => pool.end(),
  };
}
