import type { MigrationInterface, QueryRunner } from 'typeorm';

const headers = ['case_overview', 'filing_case', 'obligation_case', 'alert_case'];

/**
 * Whether an alert became a letter, whose an alert to officers is, and whose a case was. Alerts from before are no officer's;
 * rows of cases that were transferred before know of it after the next rebuild.
 */
export class Letters1790000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const table of headers)
      await runner.query(`alter table read.${table} add column former_operators jsonb not null default '[]'`);
    await runner.query(`
alter table read.alert add column assignee text, add column letter text not null default 'none',
  add column letter_posted_on date, add column letter_number text;
update read.alert set letter = 'awaited' where sendings @> '[{"channel": "letter-list"}]';
create index alert_letter on read.alert (raised_at, alert_id) where letter = 'awaited'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of headers) await runner.query(`alter table read.${table} drop column former_operators`);
    // The index goes with its column.
    await runner.query(`
alter table read.alert drop column assignee, drop column letter, drop column letter_posted_on, drop column letter_number`);
  }
}
