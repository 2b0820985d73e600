import type { ClientBase, Pool } from 'pg';
import { drawUuid, findUuid, reject, RejectedError, type Clock, type Rejection } from '#libs/kernel';
import type { Account } from './account.js';
import { clientRoles, formatApiKey, hashApiKey, type ClientRole } from './api-key.js';

/** Who changes keys: the account whose key was presented, or a word for what has no account. Kept with the key. */
export type KeyAuthor = Pick<Account, 'id' | 'keyId'> | 'command-line' | 'first-start';

export interface KeyRequest {
  readonly role: ClientRole;
  /** Of role `operator` only; may also be bound later. */
  readonly operatorBin?: string;
  /** Whose it is, for lists: at most 100 characters, and no secret. */
  readonly label: string;
  /** Another key for an account there is already, e.g. before the old one is revoked. Its role and operator stay. */
  readonly accountId?: string;
  /** Derived from what asks for it, so that asking again makes no second key; without one it is drawn. */
  readonly keyId?: string;
}

export interface IssuedKey {
  readonly keyId: string;
  readonly accountId: string;
  /** Shown now and never again: only its hash is kept. */
  readonly key: string;
}

/** What is told of a key: everything but the key and its hash. */
export interface KeyEntry {
  readonly keyId: string;
  readonly accountId: string;
  readonly role: ClientRole;
  readonly operatorBin: string | null;
  readonly label: string;
  readonly createdAt: string;
  /** An account's id, `command-line` or `first-start`; null when it was not noted. */
  readonly issuedBy: string | null;
  /** Null for a key that had its operator from the beginning. */
  readonly boundAt: string | null;
  readonly boundBy: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
  /** A day in the house's zone. */
  readonly lastUsedOn: string | null;
}

export interface KeyFilter {
  readonly role?: ClientRole | undefined;
  readonly operatorBin?: string | undefined;
  readonly accountId?: string | undefined;
  readonly revoked?: boolean | undefined;
}

export interface KeyListRequest extends KeyFilter {
  /** Default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before, with any filters: no key leaves the table. */
  readonly cursor?: string | undefined;
}

/** An account that has a key which was not revoked; `label` is that of its newest. */
export interface AccountEntry {
  readonly accountId: string;
  readonly role: ClientRole;
  readonly label: string;
}

/** The oldest key first. */
export interface KeyPage {
  readonly rows: readonly KeyEntry[];
  /** Absent on the last page. */
  readonly next?: string;
}

type Queries = Pick<ClientBase, 'query'>;

const refuse = (kind: Rejection['kind'], code: string, message: string, pointer?: string, fault?: string) =>
  new RejectedError(reject(kind, code, message, pointer && fault ? [{ pointer, code: fault, message }] : undefined));

const keyUnknown = () => refuse('not-found', 'api-key-unknown', 'there is no such API key');

const nameOf = (by: KeyAuthor): string => (typeof by === 'string' ? by : by.id);

/**
 * Within the caller's transaction if it gives its connection.
 * @throws RejectedError for an operator's BIN with another role, or an unknown account; RangeError for a role of the house's own
 */
export async function insertKey(db: Queries, request: KeyRequest, clock: Clock, by: KeyAuthor): Promise<IssuedKey> {
  const { role, operatorBin = null, label, accountId, keyId = drawUuid() } = request;
  if (!clientRoles.includes(role)) throw new RangeError(`no key is given for the role ${role}`);
  if (operatorBin !== null && role !== 'operator')
    throw refuse('malformed', 'bin-not-allowed', 'only an operator has a BIN', '/operatorBin', 'not-allowed');
  const key = formatApiKey(role);
  const values = [
    keyId,
    accountId ?? drawUuid(),
    hashApiKey(key),
    role,
    operatorBin,
    label,
    clock.now(),
    nameOf(by),
  ] as const;
  const columns = '(key_id, account_id, key_hash, role, operator_bin, label, created_at, issued_by)';
  const { rows } = await db.query<{ account_id: string }>(
    accountId === undefined
      ? `insert into identity.api_keys ${columns} values ($1, $2, $3, $4, $5, $6, $7, $8) returning account_id`
      : `insert into identity.api_keys ${columns}
         select $1, account_id, $3, role, operator_bin, $6, $7, $8 from identity.api_keys
         where account_id = $2 and role = $4 and ($5::text is null or operator_bin = $5)
         order by operator_bin is null, created_at desc limit 1 returning account_id`,
    [...values],
  );
  if (rows[0] === undefined)
    throw refuse(
      'refused',
      'account-unknown',
      'there is no such account of this role and operator',
      '/accountId',
      'unknown',
    );
  return { keyId, accountId: rows[0].account_id, key };
}

/** Keys are changed one at a time: what was asked before a change still holds when it is made. */
async function oneAtATime<T>(pool: Pool, by: KeyAuthor, change: (db: Queries) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query(`begin; select pg_advisory_xact_lock(hashtext('qadaga/api-keys'))`);
    await refuseRevoked(client, by);
    const made = await change(client);
    await client.query('commit');
    broken = false;
    return made;
  } catch (error) {
    if (error instanceof RejectedError) {
      await client.query('rollback');
      broken = false;
    }
    throw error;
  } finally {
    client.release(broken);
  }
}

/** A key goes on working for a moment after another process revoked it; it must not make itself a successor meanwhile. */
async function refuseRevoked(db: Queries, by: KeyAuthor): Promise<void> {
  if (typeof by === 'string') return;
  const { rows } = await db.query('select from identity.api_keys where key_id = $1 and revoked_at is null', [by.keyId]);
  if (rows.length === 0) throw refuse('forbidden', 'own-key-revoked', 'the API key of this request has been revoked');
}

export const issueKey = (pool: Pool, clock: Clock, request: KeyRequest, by: KeyAuthor): Promise<IssuedKey> =>
  oneAtATime(pool, by, async (db) => {
    const { keyId } = request;
    if (keyId !== undefined && (await findKey(db, keyId)) !== undefined)
      throw refuse(
        'conflict',
        'api-key-issued',
        `this request issued key ${keyId} already; its secret was shown then and is not kept; revoke it and issue another`,
      );
    return insertKey(db, request, clock, by);
  });

export const revokeKey = (pool: Pool, clock: Clock, keyId: string, by: KeyAuthor): Promise<KeyEntry> =>
  oneAtATime(pool, by, async (db) => {
    const found = await findKey(db, keyId);
    if (found === undefined) throw keyUnknown();
    if (found.revokedAt !== null) return found;
    // Who sits at the machine can issue another; over HTTP nobody could.
    if (found.role === 'administrator' && by !== 'command-line') await refuseLastAdministrator(db, keyId);
    await db.query('update identity.api_keys set revoked_at = $2, revoked_by = $3 where key_id = $1', [
      keyId,
      clock.now(),
      nameOf(by),
    ]);
    return (await findKey(db, keyId))!;
  });

async function refuseLastAdministrator(db: Queries, keyId: string): Promise<void> {
  const { rows } = await db.query(
    `select from identity.api_keys where role = 'administrator' and revoked_at is null and key_id <> $1 limit 1`,
    [keyId],
  );
  if (rows.length === 0)
    throw refuse(
      'conflict',
      'last-administrator-key',
      'this is the last key of an administrator: issue another first, or nobody could issue any',
    );
}

export const bindOperator = (
  pool: Pool,
  clock: Clock,
  accountId: string,
  operatorBin: string,
  by: KeyAuthor,
): Promise<void> =>
  oneAtATime(pool, by, async (db) => {
    const { rows } = await db.query<{ role: string; operator_bin: string | null }>(
      'select role, operator_bin from identity.api_keys where account_id::text = $1',
      [accountId],
    );
    if (rows.length === 0) throw refuse('not-found', 'account-unknown', 'there is no such account');
    if (rows.some(({ role }) => role !== 'operator'))
      throw refuse('refused', 'account-not-operator', 'only the account of an operator is bound to a BIN');
    if (rows.some(({ operator_bin: bin }) => bin !== null && bin !== operatorBin))
      throw refuse(
        'conflict',
        'account-bound',
        'this account belongs to another operator already; issue a key of a new account',
      );
    await db.query(
      `update identity.api_keys set operator_bin = $2, bound_at = $3, bound_by = $4
       where account_id::text = $1 and operator_bin is null`,
      [accountId, operatorBin, clock.now(), nameOf(by)],
    );
  });

interface KeyRow {
  readonly key_id: string;
  readonly account_id: string;
  readonly role: ClientRole;
  readonly operator_bin: string | null;
  readonly label: string;
  readonly created_at: Date;
  readonly issued_by: string | null;
  readonly bound_at: Date | null;
  readonly bound_by: string | null;
  readonly revoked_at: Date | null;
  readonly revoked_by: string | null;
  readonly last_used_on: string | null;
}

const entryColumns = `key_id, account_id, role, operator_bin, label, created_at, issued_by, bound_at, bound_by,
  revoked_at, revoked_by, last_used_on::text`;

const entryOf = (row: KeyRow): KeyEntry => ({
  keyId: row.key_id,
  accountId: row.account_id,
  role: row.role,
  operatorBin: row.operator_bin,
  label: row.label,
  createdAt: row.created_at.toISOString(),
  issuedBy: row.issued_by,
  boundAt: row.bound_at?.toISOString() ?? null,
  boundBy: row.bound_by,
  revokedAt: row.revoked_at?.toISOString() ?? null,
  revokedBy: row.revoked_by,
  lastUsedOn: row.last_used_on,
});

export async function findKey(db: Queries, keyId: string): Promise<KeyEntry | undefined> {
  const { rows } = await db.query<KeyRow>(`select ${entryColumns} from identity.api_keys where key_id::text = $1`, [
    keyId,
  ]);
  return rows[0] && entryOf(rows[0]);
}

export async function listKeys(db: Queries, request: KeyListRequest): Promise<KeyPage> {
  const { role, operatorBin, accountId, revoked, limit = 50, cursor } = request;
  if (cursor !== undefined && (findUuid(cursor) === undefined || (await findKey(db, cursor)) === undefined))
    throw refuse('malformed', 'cursor-malformed', 'the cursor is not one of this list', '/cursor', 'cursor-malformed');
  const { rows } = await db.query<KeyRow>(
    `select ${entryColumns} from identity.api_keys
     where ($1::text is null or role = $1) and ($2::text is null or operator_bin = $2)
       and ($3::uuid is null or account_id = $3) and ($4::boolean is null or (revoked_at is not null) = $4)
       and ($5::uuid is null
            or (created_at, key_id) > (select created_at, key_id from identity.api_keys where key_id = $5))
     order by created_at, key_id limit $6`,
    [role, operatorBin, accountId, revoked, cursor, limit + 1],
  );
  const shown = rows.slice(0, limit).map(entryOf);
  return rows.length > limit ? { rows: shown, next: shown.at(-1)!.keyId } : { rows: shown };
}

/** In the order of their ids. */
export async function listAccounts(db: Queries, roles: readonly ClientRole[]): Promise<readonly AccountEntry[]> {
  const { rows } = await db.query<Pick<KeyRow, 'account_id' | 'role' | 'label'>>(
    `select distinct on (account_id) account_id, role, label from identity.api_keys
     where role = any($1) and revoked_at is null order by account_id, created_at desc`,
    [roles],
  );
  return rows.map((row) => ({ accountId: row.account_id, role: row.role, label: row.label }));
}
