import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whether an alert became a letter, and whose an alert to officers is. Alerts from before are no officer's. */
export class Letters1790000000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
alter table read.alert add column assignee text, add column letter text not null default 'none',
  add column letter_posted_on date, add column letter_number text;
update read.alert set letter = 'awaited' where sendings @> '[{"channel": "letter-list"}]';
create index alert_letter on read.alert (raised_at, alert_id) where letter = 'awaited'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The index goes with its column.
    await runner.query(`
alter table read.alert drop column assignee, drop column letter, drop column letter_posted_on, drop column letter_number`);
  }
}
