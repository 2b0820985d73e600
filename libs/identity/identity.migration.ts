import pg, { type ClientConfig } from 'pg';

/**
 * Makes the schema `identity`, or leaves it as it is; safe to run by several processes at once. `owner` connects as the owner of the
 * schemas. The application may add and revoke keys and bind one to an operator, and can remove none.
 */
export async function migrateIdentity(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  const app = client.escapeIdentifier(appRole);
  try {
    await client.query(`
      begin;
      select pg_advisory_xact_lock(hashtext('qadaga/migrate/identity'));
      create schema if not exists identity;
      create table if not exists identity.api_keys (
        key_id uuid primary key,
        account_id uuid not null,
        key_hash bytea not null unique check (length(key_hash) = 32),
        role text not null,
        operator_bin text check (operator_bin is null or role = 'operator'),
        label text not null,
        created_at timestamptz not null,
        revoked_at timestamptz,
        last_used_on date
      );
      create index if not exists api_keys_account on identity.api_keys (account_id);
      grant usage on schema identity to ${app};
      grant select, insert, update (operator_bin, revoked_at, last_used_on) on identity.api_keys to ${app};
      commit;`);
  } finally {
    await client.end();
  }
}
