import pg, { type ClientConfig } from 'pg';

/** Advisory lock keys of this house ("qdga"): one for migrating, one for appending. */
const lockSpace = 0x71646761;

/**
 * The last revision of stream g, if it is at least the expected one, else -1. Both bounds keep it cheap: an index scan
 * that only asked for the last one would gather a whole page of the stream's revisions.
 */
const lastRevision = (expected: string) =>
  `coalesce((select f.revision from log.facts f where f.stream = g.stream and f.revision >= ${expected} order by f.revision desc limit 1), -1)`;
/** Likewise; the hint is a position known to be taken, and only a matter of speed. */
const lastPosition = (hint: string) => `coalesce(
  (select f.position from log.facts f where f.position >= ${hint}::bigint order by f.position desc limit 1),
  (select f.position from log.facts f order by f.position desc limit 1), 0)`;

/*
 * Positions are gapless by construction, without a lock: a statement numbers its facts after the highest position there
 * is to its knowledge. Whatever another process has committed since took the same positions, so the statement fails on
 * the primary key as a whole, and whatever it went by never counts.
 *
 * Two kinds of statement. The first kind trusts what the appender knows for certain on this connection: a position is
 * committed and was the last one, the revisions expected exist. That none of them has a successor the two unique keys
 * say. It costs as much as a plain INSERT. The second kind finds all of it out by itself, and answers for each append.
 */

/** One fact. $1 stream, $2 revision, $3 id, $4 type, $5 body, $6 the last position. */
export const addOneSql = `
insert into log.facts (stream, revision, id, type, body, position) values ($1, $2, $3, $4, $5, $6::bigint + 1)`;

const givenFacts = `rows from (
    string_to_table($1::text, E'\\n'), string_to_table($2::text, ','), string_to_table($3::text, ','),
    string_to_table($4::text, ','), string_to_table($5::text, E'\\n'), string_to_table($6::text, E'\\n')
  ) with ordinality as g(stream, first, revision, id, type, body, n)`;

const addAfter = (last: string) => `
insert into log.facts (position, stream, revision, id, type, body)
select ${last} + g.n, g.stream, g.revision::int, g.id::uuid, g.type, g.body from ${givenFacts}`;

/** Many facts. Parameters as for `appendManySql`; $2 is not looked at, $7 is the last position. */
export const addManySql = addAfter('$7::bigint');

/**
 * The same, sent behind a statement that is going to add the fact at $7. If that one failed nothing stands there, and
 * the position is null, which the table refuses.
 */
export const addBehindSql = addAfter('(select f.position from log.facts f where f.position = $7::bigint)');

/** Very many facts, their positions among the lines: whatever COPY runs against, it leaves nothing. */
export const addBulkSql = 'copy log.facts (position, stream, revision, id, type, body) from stdin';

/**
 * Many appends to different streams, each standing or falling alone. One item a fact in each parameter: $1 streams,
 * $2 revision of the first fact of its append, $3 revisions, $4 ids, $5 types, $6 bodies; $1, $5, $6 one a line; $7 hint.
 * Gives the last position before, and for each fact the last revision of its stream (-1 when that is below the expected
 * one): accepted where that is first - 1.
 */
export const appendManySql = `
with base as materialized (select ${lastPosition('$7')} as position),
given as materialized (
  select g.n, g.stream, g.first::int as first, g.revision::int as revision, g.id::uuid as id, g.type, g.body,
         ${lastRevision('g.first::int - 1')} as actual
  from ${givenFacts}
),
added as (
  insert into log.facts (position, stream, revision, id, type, body)
  select base.position + row_number() over (order by g.n), g.stream, g.revision, g.id, g.type, g.body
  from given g, base where g.actual = g.first - 1
)
select base.position as base, (select string_agg(g.actual::text, ',' order by g.n) from given g) as actuals from base`;

/**
 * All or nothing. $1 to $7 as above ($2 is not looked at); $8 the distinct streams, one a line, $9 the last revision
 * each must have. Gives the last position before, and how many streams were not where expected; added when none.
 */
export const appendTogetherSql = `
with base as materialized (select ${lastPosition('$7')} as position),
wrong as materialized (
  select count(*) as streams
  from rows from (string_to_table($8::text, E'\\n'), string_to_table($9::text, ',')) as g(stream, expected)
  where ${lastRevision('g.expected::int')} <> g.expected::int
),
added as (
  insert into log.facts (position, stream, revision, id, type, body)
  select base.position + g.n, g.stream, g.revision::int, g.id::uuid, g.type, g.body
  from ${givenFacts}, base, wrong where wrong.streams = 0
)
select base.position as base, wrong.streams::int as wrong from base, wrong`;

/** The same statement after the log's lock: a statement inside a function has a snapshot of its own, taken under the lock. */
const underLock = (name: string, parameters: number, answer: string, sql: string) => `
create or replace function log.${name}(${Array(parameters).fill('text').join(', ')})
returns table (base bigint, ${answer}) language plpgsql volatile
set search_path = pg_catalog, pg_temp set plan_cache_mode = force_generic_plan as $body$
#variable_conflict use_column
begin
  perform pg_advisory_xact_lock(${lockSpace}, 2);
  return query ${sql};
end $body$`;

const schema = (appRole: string) => `
create schema if not exists log;
create table if not exists log.facts (
  position bigint primary key,
  stream text collate "C" not null,
  revision int not null check (revision >= 0),
  id uuid not null,
  type text collate "C" not null,
  body text not null,
  constraint facts_stream_revision_key unique (stream, revision)
);
comment on table log.facts is 'The log: what happened, for ever. body is the RFC 8785 text whose bytes the audit tree hashes.';
${underLock('append_many_locked', 7, 'actuals text', appendManySql)};
${underLock('append_together_locked', 9, 'wrong int', appendTogetherSql)};
grant usage on schema log to ${appRole};
grant select, insert on log.facts to ${appRole};
revoke update, delete, truncate, references, trigger on log.facts from ${appRole}`;

/**
 * Makes or completes the schema `log`; doing it again, also at the same time elsewhere, does nothing.
 * @param owner connects as the role that owns the schema
 * @param appRole the role of the application: it may read and add facts, never change or remove one
 */
export async function migrateEventStore(owner: ClientConfig, appRole = 'qadaga_app'): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1, 1)', [lockSpace]);
    await client.query(schema(client.escapeIdentifier(appRole)));
    await client.query('commit');
  } finally {
    await client.end();
  }
}
