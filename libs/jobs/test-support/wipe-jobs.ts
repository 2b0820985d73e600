import pg, { type ClientConfig } from 'pg';
import { jobsSchema } from '../migrate.js';

/** Empties every table of the queues while workers use them, ledger and all. */
export async function wipeJobs(owner: ClientConfig): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    const { rows } = await client.query<{ tables: string }>(
      `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables
       from pg_tables where schemaname = '${jobsSchema}'`,
    );
    for (;;) {
      try {
        await client.query(`truncate ${rows[0]!.tables}`);
        return;
      } catch (error) {
        // A worker took its locks in another order; PostgreSQL chose us to give way.
        if ((error as { code?: string }).code !== '40P01') throw error;
      }
    }
  } finally {
    await client.end();
  }
}
