import { runMigrations } from 'bullmq';
import pg, { type ClientConfig } from 'pg';
import { jobNames } from './catalogue.js';

export const jobsSchema = 'bullmq';

/**
 * Makes or completes the schema of the queues; doing it again does nothing. Tables that somebody emptied together with
 * their ledger are made anew: the queues hold nothing that is not in the log.
 * @param owner connects as the role that owns the schema
 * @param appRole the role of the application: it may do all that queues need and not change the tables themselves
 */
export async function migrateJobs(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    if (await ledgerEmptied(client)) await client.query(`drop schema ${jobsSchema} cascade`);
    await runMigrations(client as never, jobsSchema);
    const role = client.escapeIdentifier(appRole);
    // BullMQ makes the sequence of a queue when it is first used; the application's role may not create anything.
    for (const name of jobNames) {
      const { rows } = await client.query<{ sequence: string }>(
        `select ${jobsSchema}.job_id_seq_name($1) as sequence`,
        [name],
      );
      const sequence = client.escapeIdentifier(rows[0]!.sequence);
      await client.query(`create sequence if not exists ${jobsSchema}.${sequence}`);
    }
    await client.query(
      `grant usage on schema ${jobsSchema} to ${role};
       grant select, insert, update, delete on all tables in schema ${jobsSchema} to ${role};
       grant usage, select, update on all sequences in schema ${jobsSchema} to ${role};
       grant execute on all functions in schema ${jobsSchema} to ${role}`,
    );
  } finally {
    await client.end();
  }
}

async function ledgerEmptied(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ ledger: string | null; jobs: string | null }>(
    `select to_regclass('${jobsSchema}.migration') as ledger, to_regclass('${jobsSchema}.job') as jobs`,
  );
  if (rows[0]?.jobs == null || rows[0].ledger == null) return false;
  const ledger = await client.query(`select 1 from ${jobsSchema}.migration limit 1`);
  return ledger.rowCount === 0;
}
