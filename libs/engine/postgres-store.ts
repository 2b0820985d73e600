import pg, { type ClientConfig, type PoolConfig } from 'pg';
import { instantOfMs, type Instant, type Uuid } from '#libs/kernel';
import type { Position } from '#libs/event-store';
import { lastingPool } from '#libs/postgres';
import type { EngineStore, OnError, ParkedFact } from './ports.js';

const schema = (appRole: string) => `
create schema if not exists engine;
create table if not exists engine.checkpoint (
  name text primary key,
  position text not null
);
create table if not exists engine.parked (
  fact_id uuid primary key,
  seq bigint generated always as identity,
  type text not null,
  stream text not null,
  revision int not null,
  key text not null,
  reason text not null,
  attempts int not null,
  parked_at timestamptz not null,
  next_attempt_at timestamptz not null
);
create table if not exists engine.followed_order (
  order_fact_id uuid primary key,
  after_case uuid,
  done boolean not null default false
);
create table if not exists engine.report (
  name text primary key,
  at timestamptz not null,
  body jsonb not null
);
comment on schema engine is 'What the deadline engine remembers beside the log; losing it costs repetition, no more.';
grant usage on schema engine to ${appRole};
grant select, insert, update, delete on all tables in schema engine to ${appRole}`;

/**
 * Makes or completes the schema `engine`; doing it again does nothing.
 * @param owner connects as the role that owns the schema
 */
export async function migrateEngine(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1, $2)', [lockSpace, migrationLock]);
    await client.query(schema(client.escapeIdentifier(appRole)));
    await client.query('commit');
  } finally {
    await client.end();
  }
}

/** Advisory lock keys of this house ("qdga"). */
export const lockSpace = 0x71646761;
const migrationLock = 21;

interface ParkedRow {
  fact_id: string;
  type: string;
  stream: string;
  revision: number;
  key: string;
  reason: string;
  attempts: number;
  parked_at: Date;
  next_attempt_at: Date;
}

const toInstant = (date: Date): Instant => instantOfMs(date.getTime());

/** @param options.config the application's role; the schema comes from `migrateEngine`. */
export function createPostgresEngineStore(options: {
  readonly config: PoolConfig;
  readonly onError?: OnError;
}): EngineStore {
  const pool = lastingPool({ max: 4, ...options.config }, (error) => options.onError?.(error, 'engine store'));
  return {
    async checkpoint(name) {
      const { rows } = await pool.query<{ position: string }>(
        'select position from engine.checkpoint where name = $1',
        [name],
      );
      return rows[0]?.position as Position | undefined;
    },
    async saveCheckpoint(name, position) {
      await pool.query(
        `insert into engine.checkpoint (name, position) values ($1, $2)
         on conflict (name) do update set position = excluded.position`,
        [name, position],
      );
    },
    async parked() {
      const { rows } = await pool.query<ParkedRow>(
        `select fact_id, type, stream, revision, key, reason, attempts, parked_at, next_attempt_at
         from engine.parked order by seq`,
      );
      return rows.map((row) => ({
        factId: row.fact_id as Uuid,
        type: row.type,
        stream: row.stream,
        revision: row.revision,
        key: row.key,
        reason: row.reason,
        attempts: row.attempts,
        parkedAt: toInstant(row.parked_at),
        nextAttemptAt: toInstant(row.next_attempt_at),
      }));
    },
    async park(fact: ParkedFact) {
      const { factId, type, stream, revision, key, reason, attempts, parkedAt, nextAttemptAt } = fact;
      await pool.query(
        `insert into engine.parked
           (fact_id, type, stream, revision, key, reason, attempts, parked_at, next_attempt_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (fact_id) do update set reason = excluded.reason, attempts = excluded.attempts,
           next_attempt_at = excluded.next_attempt_at`,
        [factId, type, stream, revision, key, reason, attempts, parkedAt, nextAttemptAt],
      );
    },
    async unpark(factId) {
      await pool.query('delete from engine.parked where fact_id = $1', [factId]);
    },
    async beginOrder(orderFactId) {
      const { rows } = await pool.query<{ done: boolean }>(
        `insert into engine.followed_order (order_fact_id) values ($1)
         on conflict (order_fact_id) do update set done = followed_order.done returning done`,
        [orderFactId],
      );
      return rows[0]?.done === false;
    },
    async pendingOrders() {
      const { rows } = await pool.query<{ order_fact_id: string; after_case: string | null }>(
        'select order_fact_id, after_case from engine.followed_order where not done order by order_fact_id',
      );
      return rows.map((row) => ({
        orderFactId: row.order_fact_id as Uuid,
        ...(row.after_case === null ? {} : { after: row.after_case as Uuid }),
      }));
    },
    async progressOrder(orderFactId, after) {
      await pool.query('update engine.followed_order set after_case = $2 where order_fact_id = $1', [
        orderFactId,
        after,
      ]);
    },
    async endOrder(orderFactId) {
      await pool.query('update engine.followed_order set done = true where order_fact_id = $1', [orderFactId]);
    },
    async report<T>(name: string) {
      const { rows } = await pool.query<{ at: Date; body: T }>('select at, body from engine.report where name = $1', [
        name,
      ]);
      return rows[0] && { at: toInstant(rows[0].at), body: rows[0].body };
    },
    async saveReport(name, at, body) {
      await pool.query(
        `insert into engine.report (name, at, body) values ($1, $2, $3)
         on conflict (name) do update set at = excluded.at, body = excluded.body`,
        [name, at, JSON.stringify(body)],
      );
    },
    close: () => pool.end(),
  };
}
