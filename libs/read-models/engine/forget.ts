import type pg from 'pg';
import { locks } from './connection.js';

/** Somebody projects into these tables at this moment. */
export class ProjectorActiveError extends Error {
  override readonly name = 'ProjectorActiveError';
}

/**
 * Empties every read model, to be made anew from the beginning of a log whose positions are other ones.
 * @param owner as the owner of the schemas, within a transaction
 * @throws ProjectorActiveError
 */
export async function forgetReadModels(owner: pg.ClientBase): Promise<void> {
  const { rows } = await owner.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1, $2) as got', [
    locks.space,
    locks.projector,
  ]);
  if (!rows[0]!.got) throw new ProjectorActiveError('a projector is active');
  const tables = await owner.query<{ name: string }>('select table_name as name from read.model_table order by 1');
  const names = ['parked', ...tables.rows.map(({ name }) => name)].map(
    (name) => `read.${owner.escapeIdentifier(name)}`,
  );
  await owner.query(`truncate ${names.join(', ')}`);
  await owner.query('update read.checkpoint set position = null, updated_at = clock_timestamp()');
}
