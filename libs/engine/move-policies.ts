import type pg from 'pg';
import type { Position } from '#libs/event-store';
import { policyLock } from './postgres-leadership.js';
import { policyCheckpoint } from './policy-runner.js';
import { lockSpace } from './postgres-store.js';

/** Somebody performs policies at this moment. */
export class PoliciesActiveError extends Error {
  override readonly name = 'PoliciesActiveError';
}

/** How far the policies are. */
export async function policyPosition(owner: pg.ClientBase): Promise<Position | undefined> {
  const { rows } = await owner.query<{ position: Position }>('select position from engine.checkpoint where name = $1', [
    policyCheckpoint,
  ]);
  return rows[0]?.position;
}

/**
 * Lets the policies go on at a position of another log; without one, from its beginning, which repeats and doubles nothing.
 * @param owner as the owner of the schemas, within a transaction
 * @throws PoliciesActiveError
 */
export async function movePolicies(owner: pg.ClientBase, position: Position | undefined): Promise<void> {
  const { rows } = await owner.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1, $2) as got', [
    lockSpace,
    policyLock,
  ]);
  if (!rows[0]!.got) throw new PoliciesActiveError('the policies are being performed');
  await owner.query('delete from engine.checkpoint where name = $1', [policyCheckpoint]);
  if (position !== undefined)
    await owner.query('insert into engine.checkpoint (name, position) values ($1, $2)', [policyCheckpoint, position]);
}
