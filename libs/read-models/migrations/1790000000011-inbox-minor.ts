import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The second number of a notice's place in the inbox: a log may give what was written together one first number. */
export class InboxMinor1790000000011 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table read.notice add column inbox_minor bigint');
    await runner.query('update read.notice set inbox_minor = 0 where inbox_position is not null');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table read.notice drop column inbox_minor');
  }
}
