import pg, { type ClientConfig } from 'pg';

/**
 * Makes the schema `identity`, or leaves it as it is; safe to run by several processes at once. `owner` connects as the owner of the
 * schemas. The application may add and revoke keys and bind one to an operator, and can remove none.
 *
 * `issued_by`, `bound_by` and `revoked_by` hold an account's id or a word (`KeyAuthor`); null where a release that did not
 * note it made the change, and where none was made.
 */
export async function migrateIdentity(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  const app = client.escapeIdentifier(appRole);
  try {
    // Asked first: `add column if not exists` waits for whoever reads the table, a backup too, and lets nobody with a key
    // in meanwhile, also where the columns are there.
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
      do $$ begin
        if not exists (
          select from pg_attribute where attrelid = 'identity.api_keys'::regclass and attname = 'issued_by'
        ) then
          alter table identity.api_keys
            add column issued_by text, add column bound_at timestamptz, add column bound_by text, add column revoked_by text;
        end if;
      end $$;
      grant usage on schema identity to ${app};
      grant select, insert, update (operator_bin, bound_at, bound_by, revoked_at, revoked_by, last_used_on)
        on identity.api_keys to ${app};
      commit;`);
  } finally {
    await client.end();
  }
}
