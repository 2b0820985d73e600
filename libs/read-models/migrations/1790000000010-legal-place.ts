import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = ['case_overview', 'filing_case', 'obligation_case', 'alert_case'];

/** Since when a case stands where it stands, in legal time. Rows from before know it after the next rebuild. */
export class LegalPlace1790000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`alter table read.${table} add column located_on date`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of tables) await runner.query(`alter table read.${table} drop column located_on`);
  }
}
