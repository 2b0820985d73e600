import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The oldest notice not sent is asked for at every look at the metrics: at the cost of what is unsent, not of what exists. */
export class UnsentNotices1790000000020 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index notice_unsent on read.notice (issued_at)
      where situation in ('issued', 'queued', 'failed') and sent_at is null`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // After a rebuild the index has another name.
    await runner.query(`
do $$
declare
  one record;
begin
  for one in select indexrelid::regclass as name from pg_index where indrelid = 'read.notice'::regclass
    and pg_get_expr(indpred, indrelid) like '%sent_at IS NULL%' loop
    execute format('drop index %s', one.name);
  end loop;
end $$`);
  }
}
