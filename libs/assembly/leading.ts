import pg from 'pg';
import { OutdatedError } from '#libs/kernel';
import { vocabulary } from '#libs/domain';
import type { Engine } from '#libs/engine';
import { readModelMigrations, type ReadModels } from '#libs/read-models';

/** What only one process of a deployment does at a time. */
export type LeadingRole = 'projections' | 'policies';

export async function migrateLeading(owner: pg.ClientConfig, appRole: string): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    const role = client.escapeIdentifier(appRole);
    await client.query(
      `create table if not exists schema.leader (role text primary key, vocabulary int not null);
       comment on table schema.leader is 'How many fact types the newest release knew that has had the role.';
       grant select, insert, update on schema.leader to ${role}`,
    );
  } finally {
    await client.end();
  }
}

interface Found {
  readonly led: number | null;
  readonly tables: number | null;
}

/**
 * Asked by who holds the role's lock. Once a newer release has had it, what it made of facts that this one does not know
 * is in the rows: so an older one does not take over again, and leaves tables to whose migrations it lacks.
 * @returns rejects with OutdatedError
 */
export const leadingGate =
  (pool: pg.Pool, role: LeadingRole, known = vocabulary): (() => Promise<void>) =>
  async () => {
    const { rows } = await pool.query<Found>({
      name: 'leading-gate',
      text: `select (select vocabulary from schema.leader where role = $1) as led,
        (select max(split_part(name, '/', 2)::int) from schema.step where name like 'read-models/%') as tables`,
      values: [role],
    });
    const { led, tables } = rows[0]!;
    if (role === 'projections' && tables !== null && tables > readModelMigrations.length)
      throw new OutdatedError(
        `the read models are of migration ${tables}, this release knows ${readModelMigrations.length}`,
        `read-models/${tables}`,
      );
    if (led !== null && led > known)
      throw new OutdatedError(
        `a release that knows ${led} fact types has led, this one knows ${known}`,
        `facts/${led}`,
      );
    if (led !== null && led === known) return;
    await pool.query(
      `insert into schema.leader as l (role, vocabulary) values ($1, $2)
       on conflict (role) do update set vocabulary = excluded.vocabulary where l.vocabulary < excluded.vocabulary`,
      [role, known],
    );
  };

/** A role this process has given up for good. */
export interface StoodDown {
  readonly role: LeadingRole;
  readonly reason: OutdatedError;
}

export function stoodDown({ readModels }: { readonly readModels: ReadModels }, engine: Engine): readonly StoodDown[] {
  const reasons = [
    ['projections', readModels.projector.outdated()],
    ['policies', engine.policies.outdated],
  ] as const;
  return reasons.flatMap(([role, reason]) => (reason === undefined ? [] : [{ role, reason }]));
}
