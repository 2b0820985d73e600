import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A rebuild makes, indexes and switches tables, which the application's role may not. These functions run as the owner
 * and do nothing else: each touches the tables of the one read model it is given, found in read.model_table.
 */
const up = `
create function read.create_generation(model text) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  live integer;
  name text;
  leftover text;
begin
  select generation into strict live from read.checkpoint where read_model = model;
  for name in select table_name from read.model_table where read_model = model loop
    -- What a rebuild that was killed left behind.
    for leftover in
      select relname from pg_class
      where relnamespace = 'read'::regnamespace and relkind = 'r' and relname ~ ('^' || name || '__g[0-9]+$')
    loop
      execute format('drop table read.%I', leftover);
    end loop;
    execute format('create table read.%I (like read.%I)', name || '__g' || (live + 1), name);
    execute format('grant select, insert, update, delete on read.%I to qadaga_app', name || '__g' || (live + 1));
  end loop;
  delete from read.parked where read_model = model and generation <> live;
  return live + 1;
end $$;

create function read.index_generation(model text, gen integer) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set maintenance_work_mem = '256MB' as $$
declare
  name text;
  shadow text;
  one record;
begin
  for name in select table_name from read.model_table where read_model = model loop
    shadow := name || '__g' || gen;
    for one in
      select i.indisunique, i.indisprimary, pg_get_indexdef(i.indexrelid) as definition,
        shadow || '_' || row_number() over (order by i.indexrelid) as index_name
      from pg_index i where i.indrelid = format('read.%I', name)::regclass
    loop
      execute format('create %s index %I on read.%I %s', case when one.indisunique then 'unique' else '' end,
        one.index_name, shadow, substring(one.definition from 'USING .*$'));
      if one.indisprimary then
        execute format('alter table read.%I add primary key using index %I', shadow, one.index_name);
      end if;
    end loop;
    execute format('analyze read.%I', shadow);
  end loop;
end $$;

create function read.switch_generation(model text, gen integer, reached text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  name text;
begin
  for name in select table_name from read.model_table where read_model = model order by table_name loop
    execute format('drop table read.%I', name);
    execute format('alter table read.%I rename to %I', name || '__g' || gen, name);
  end loop;
  update read.checkpoint set generation = gen, position = reached, updated_at = clock_timestamp()
    where read_model = model;
  delete from read.parked where read_model = model and generation <> gen;
end $$;

revoke all on function read.create_generation(text), read.index_generation(text, integer),
  read.switch_generation(text, integer, text) from public;
grant usage on schema read to qadaga_app;
grant execute on function read.create_generation(text), read.index_generation(text, integer),
  read.switch_generation(text, integer, text) to qadaga_app;
grant select, insert, update, delete on all tables in schema read to qadaga_app;
revoke insert, update, delete on read.model_table from qadaga_app;
revoke insert, delete on read.checkpoint from qadaga_app;
`;

export class Generations1790000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(up);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      `drop function read.create_generation(text); drop function read.index_generation(text, integer);
       drop function read.switch_generation(text, integer, text)`,
    );
  }
}
