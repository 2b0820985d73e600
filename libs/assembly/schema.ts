import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { OutdatedError } from '#libs/kernel';
import { migrateEngine } from '#libs/engine';
import { migrateEventStore } from '#libs/event-store';
import { migrateIdentity } from '#libs/identity';
import { migrateJobs } from '#libs/jobs';
import { migrateReadModels, readModelMigrations } from '#libs/read-models';
import { migrateVault } from '#libs/sealing';
import type { DatabaseConfig, Databases } from './databases.js';
import { migrateLeading } from './leading.js';
import { migrateNumbers } from './numbers.js';

/**
 * The parts of the schema. A name stands for what this code finds when the step is done, and
 * ends in a number that rises with every change.
 *
 * While processes are replaced one by one, old code works on the new schema. So a change first only adds (new tables,
 * columns that may be empty), under a new name beside the old one, which stays in the database's list. What no running
 * code uses any more is taken away in a later release, whose step names the old one in `ends`: from then on code that
 * needs that refuses to start.
 */
interface SchemaStep {
  readonly name: string;
  readonly ends?: readonly string[];
  make(owner: DatabaseConfig, appRole: string): Promise<void>;
}

const steps: readonly SchemaStep[] = [
  { name: 'event-store/1', make: migrateEventStore },
  { name: 'vault/1', make: migrateVault },
  { name: 'identity/2', make: migrateIdentity },
  { name: 'numbers/1', make: migrateNumbers },
  { name: 'jobs/1', make: migrateJobs },
  { name: `read-models/${readModelMigrations.length}`, make: migrateReadModels },
  { name: 'engine/1', make: migrateEngine },
  { name: 'leading/1', make: migrateLeading },
];

export interface SchemaState {
  /** What this code needs and the database does not have yet. */
  readonly missing: readonly string[];
  /** What this code needs and a newer release took away. */
  readonly ended: readonly string[];
}

/** This program is older than the database allows. */
export class OutdatedProgramError extends OutdatedError {
  override readonly name = 'OutdatedProgramError';
  constructor(ended: readonly string[]) {
    const names = ended.join(', ');
    super(`this program is too old for its database, which has ended ${names}: run a newer one`, names);
  }
}

export class SchemaMissingError extends Error {
  override readonly name = 'SchemaMissingError';
  constructor(missing: readonly string[]) {
    super(`the database lacks ${missing.join(', ')}: run \`qadaga migrate\` of this release as its owner`);
  }
}

const migrationLock = 0x71646773;

const ledger = (appRole: string) => `
create schema if not exists schema;
create table if not exists schema.step (
  name text primary key,
  made_at timestamptz not null default now(),
  ended_at timestamptz
);
comment on table schema.step is 'What the tables offer to code; a name with ended_at is gone.';
grant usage on schema schema to ${appRole};
grant select on schema.step to ${appRole}`;

/**
 * Makes or completes everything, as the owner; doing it again does nothing, and of several who begin at once each waits
 * for the one before. @throws OutdatedProgramError when a newer release has taken away what this one would make.
 */
export async function migrateSchema(owner: DatabaseConfig, appRole: string): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await client.query(ledger(client.escapeIdentifier(appRole)));
    const { ended } = await schemaState(client);
    if (ended.length > 0) throw new OutdatedProgramError(ended);
    // Each part has a schema of its own, so none waits for another. What is written later is on disk only after these
    // commits are; a crash before that makes the schemas anew.
    const lazily = { ...owner, options: '-c synchronous_commit=off' };
    await Promise.all(steps.map(({ make }) => make(lazily, appRole)));
    for (const { name, ends = [] } of steps) {
      await client.query('insert into schema.step (name) values ($1) on conflict (name) do nothing', [name]);
      await client.query('update schema.step set ended_at = now() where name = any($1) and ended_at is null', [ends]);
    }
  } finally {
    await client.end();
  }
}

/** What the database has of what this code needs; the application's user may ask. */
export async function schemaState(client: pg.ClientBase | pg.Pool): Promise<SchemaState> {
  const names = steps.map(({ name }) => name);
  const there = await client.query<{ there: boolean }>(`select to_regclass('schema.step') is not null as there`);
  if (!there.rows[0]!.there) return { missing: names, ended: [] };
  const { rows } = await client.query<{ name: string; ended: boolean }>(
    'select name, ended_at is not null as ended from schema.step where name = any($1)',
    [names],
  );
  return {
    missing: names.filter((name) => !rows.some((row) => row.name === name)),
    ended: rows.filter(({ ended }) => ended).map(({ name }) => name),
  };
}

/**
 * The schema is as this code needs it, or comes to be so within `patienceMs`: the deployment's `qadaga migrate` may still
 * be running, or the server itself starting.
 * @throws SchemaMissingError, OutdatedProgramError, or what PostgreSQL answered last
 */
export async function awaitSchema(app: DatabaseConfig, patienceMs = 60_000): Promise<void> {
  const until = Date.now() + patienceMs;
  for (;;) {
    const found = await look(app).catch((error: Error) => error);
    if (found instanceof OutdatedProgramError) throw found;
    if (found === undefined) return;
    if (Date.now() >= until) throw found;
    await wait(500);
  }
}

async function look(app: DatabaseConfig): Promise<Error | undefined> {
  const client = new pg.Client({ ...app, connectionTimeoutMillis: 5_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    const { missing, ended } = await schemaState(client);
    if (ended.length > 0) return new OutdatedProgramError(ended);
    return missing.length > 0 ? new SchemaMissingError(missing) : undefined;
  } finally {
    await client.end().catch(() => {});
  }
}

/** With the owner at hand the schema is brought up to date, without it waited for. */
export const prepareSchema = ({ owner, app, appRole }: Databases): Promise<void> =>
  owner === undefined ? awaitSchema(app) : migrateSchema(owner, appRole);
