import type { MigrationInterface, QueryRunner } from 'typeorm';

const headers = ['case_overview', 'filing_case', 'obligation_case', 'alert_case'];

/**
 * Whose a case was, out of its history. The rows of duties and alerts of a case that was transferred before are put under
 * the right name by the next rebuild.
 */
export class FormerOperators1790000000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of headers)
      await runner.query(`
alter table read.${table} add column former_operators jsonb not null default '[]';
update read.${table} h set former_operators = t.former
from (
  select case_id, jsonb_agg(jsonb_build_object('bin', summary ->> 'fromBin', 'until', summary ->> 'effectiveOn')
    order by log_order, log_minor) as former
  from read.timeline where type = 'CaseTransferred' group by case_id
) t where t.case_id = h.case_id`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of headers) await runner.query(`alter table read.${table} drop column former_operators`);
  }
}
