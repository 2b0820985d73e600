import pg, { type ClientConfig } from 'pg';

/**
 * Makes the vault, or leaves it as it is; safe to run by several processes at once. `owner` connects as the owner of the schemas.
 * The application may not remove rows: which keys there were, and when one was erased, stays on record.
 */
export async function migrateVault(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  const app = client.escapeIdentifier(appRole);
  try {
    await client.query(`
      begin;
      select pg_advisory_xact_lock(hashtext('qadaga/migrate/vault'));
      create schema if not exists vault;
      create table if not exists vault.operator_keys (
        key_id uuid primary key,
        operator_bin text not null,
        wrapped text,
        created_at timestamptz not null default now(),
        erased_at timestamptz,
        check ((wrapped is null) = (erased_at is not null))
      );
      create unique index if not exists operator_keys_one_live on vault.operator_keys (operator_bin)
        where erased_at is null;
      create table if not exists vault.house_keys (
        name text primary key,
        wrapped text not null,
        created_at timestamptz not null default now()
      );
      grant usage on schema vault to ${app};
      grant select, insert, update (wrapped, erased_at) on vault.operator_keys to ${app};
      grant select, insert, update (wrapped) on vault.house_keys to ${app};
      -- Lets the application clear what an erased key leaves in the table's pages; the privilege is new in PostgreSQL 17.
      do $do$ begin
        if current_setting('server_version_num')::int >= 170000 then
          execute ${client.escapeLiteral(`grant maintain on vault.operator_keys to ${app}`)};
        end if;
      end $do$;
      commit;`);
  } finally {
    await client.end();
  }
}
