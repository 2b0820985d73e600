import type { MigrationInterface, QueryRunner } from 'typeorm';

/** One index instead of two on the longest table: a row's place in the log is its key. Index names differ after a rebuild. */
const change = (key: string, index: string) => `
do $$
declare
  one record;
begin
  for one in select indexrelid::regclass as name, indisprimary from pg_index where indrelid = 'read.timeline'::regclass loop
    if one.indisprimary then
      execute format('alter table read.timeline drop constraint %I',
        (select conname from pg_constraint where conrelid = 'read.timeline'::regclass and contype = 'p'));
    else
      execute format('drop index %s', one.name);
    end if;
  end loop;
end $$;
alter table read.timeline add primary key (${key});
${index}`;

const indexGeneration = (analyze: string) => `
create or replace function read.index_generation(model text, gen integer) returns void
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
    ${analyze}
  end loop;
end $$;`;

const analyzeAll = `execute format('analyze read.%I', shadow);`;

/** No query asks for the contents of jsonb, and sampling it costs more than all indexes together. */
const analyzePlain = `execute (
      select format('analyze read.%I (%s)', shadow, string_agg(quote_ident(attname), ', '))
      from pg_attribute
      where attrelid = format('read.%I', shadow)::regclass and attnum > 0 and not attisdropped
        and atttypid <> 'jsonb'::regtype
    );`;

export class RebuildSpeed1790000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(change('case_id, log_order, log_minor', ''));
    await runner.query(indexGeneration(analyzePlain));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(indexGeneration(analyzeAll));
    await runner.query(change('stream, revision', 'create index on read.timeline (case_id, log_order, log_minor)'));
  }
}
