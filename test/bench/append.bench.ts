import pg from 'pg';
import {
  createPostgresEventStore,
  encodeFact,
  migrateEventStore,
  openKurrentEventStore,
  type EventStore,
  type FactToAppend,
} from '#libs/event-store';
import type { EmbeddedPostgres } from '#libs/embedded';
import { drawUuid, type Fact } from '#libs/kernel';
import type { EmmettAsk, Round } from './append-emmett.js';
import { filingFact, plainTable, textOf } from './support/facts.js';
import { withClient } from '#libs/postgres';
import { onPostgres } from './support/lab.js';
import { startHelper } from './support/children.js';
import { findKurrent, notPresent } from './support/kurrentdb.js';
import { race } from './support/race.js';
import { goalOf, median, spread, type Bench, type Measured } from './support/report.js';

interface Side {
  readonly name: string;
  /** Streams of the round begin with `prefix`; nothing else ever wrote to them. */
  readonly run: (writers: number, ms: number, prefix: string) => Promise<Round>;
}

/** P1. Every writer has a stream of its own and names the revision it expects; rounds of all sides take turns. */
export const append: Bench = ({ quick, log }) =>
  onPostgres(async (server) => {
    const rounds = quick ? 2 : 5;
    const ms = quick ? 500 : 2000;
    await migrateEventStore(server.config('qadaga', 'owner'), server.config('qadaga', 'app').user);
    await withClient(server.config('qadaga', 'owner'), (client) => client.query(plainTable('plain_insert', 'drawn')));
    const store = createPostgresEventStore({ config: server.config('qadaga', 'app') });
    const { user, password, host, port, database } = server.config('qadaga', 'owner');
    const emmett = await startHelper<EmmettAsk, Round>('append-emmett', [
      `postgresql://${user}:${password}@${host}:${port}/${database}`,
    ]);
    const kurrent = await findKurrent(quick);
    const inKurrent =
      kurrent && (await openKurrentEventStore({ address: { url: kurrent.url }, streamPrefixes: [category] }));
    // A real server keeps what earlier runs wrote.
    const thisRun = drawUuid().slice(0, 8);
    const sides: Side[] = [
      { name: 'ours', run: (writers, limit, prefix) => ours(store, writers, limit, prefix) },
      { name: 'plain INSERT', run: (writers, limit, prefix) => inserts(server, writers, writers, limit, prefix) },
      { name: 'Emmett', run: (writers, limit, prefix) => emmett.ask({ writers, ms: limit, prefix }) },
      ...(kurrent && inKurrent
        ? [
            {
              name: `ours on ${kurrent.name}`,
              run: (writers: number, limit: number, prefix: string) =>
                ours(inKurrent, writers, limit, `${thisRun}-${prefix}`),
            },
          ]
        : []),
    ];
    const eight: Side = {
      name: 'plain INSERT, 8 connections',
      run: (writers, limit, prefix) => inserts(server, writers, 8, limit, prefix),
    };
    const measured: Measured[] = [];
    const rates = new Map<string, number>();
    try {
      for (const writers of [1, 8, 64]) {
        const competing = writers === 64 ? [...sides, eight] : sides;
        const found = competing.map(() => ({ rates: [] as number[], latencies: [] as number[], errors: 0 }));
        // The first turn warms up and does not count.
        for (let round = 0; round <= rounds; round++)
          for (const [n, side] of competing.entries()) {
            const { count, latencies, errors, tookMs } = await side.run(writers, ms, `${n}-${writers}-${round}`);
            if (round === 0) continue;
            found[n]!.rates.push((count * 1000) / tookMs);
            for (const latency of latencies) found[n]!.latencies.push(latency);
            found[n]!.errors += errors;
          }
        for (const [n, { name }] of competing.entries()) {
          const rate = Math.round(median(found[n]!.rates));
          rates.set(`${name} ${writers}`, rate);
          const { errors, latencies } = found[n]!;
          measured.push({ name: `${name}, ${writers} writers`, rate, ...spread(latencies), errors });
        }
        log(`${writers} writers done`);
      }
    } finally {
      await emmett.stop();
      await store.close();
      await inKurrent?.close();
      await kurrent?.stop();
    }
    const of = (name: string) => rates.get(name)!;
    const best = Math.max(of('plain INSERT 64'), of('plain INSERT, 8 connections 64'));
    const sample = filingFact('case-sample', 0);
    const bytes = Buffer.byteLength(encodeFact({ ...sample, stream: 'case-sample', revision: 0 } as Fact));
    if (kurrent === undefined) measured.push(notPresent('ours'));
    return {
      measured,
      goals: [
        goalOf('1 writer, to INSERT', of('ours 1') / of('plain INSERT 1'), 0.9, 'x'),
        goalOf('8 writers, to INSERT', of('ours 8') / of('plain INSERT 8'), 1.3, 'x'),
        goalOf('64 writers, to the better INSERT', of('ours 64') / best, 2.5, 'x'),
        goalOf('1 writer, to Emmett', of('ours 1') / of('Emmett 1'), 2, 'x'),
        goalOf('8 writers, to Emmett', of('ours 8') / of('Emmett 8'), 5, 'x'),
      ],
      notes: [
        `one fact a command, ${bytes} bytes stored; fsync on; medians of ${rounds} rounds of ${ms} ms in turns`,
        'the INSERT is prepared, has a connection for each writer, the two keys of the log, and no order; Emmett orders by a sequence',
      ],
    };
  });

const category = 'bench-';
const streamOf = (prefix: string, writer: number) => `${category}${prefix}-${writer}`;

/** Facts are made ahead: what is measured begins with a fact in hand. */
function factsFor(writers: number, ms: number, prefix: string): FactToAppend[][] {
  const ahead = Math.ceil((writers === 1 ? 6 : writers === 8 ? 4 : 1.2) * ms);
  return Array.from({ length: writers }, (_, writer) =>
    Array.from({ length: ahead }, (_, revision) => filingFact(streamOf(prefix, writer), revision)),
  );
}

async function ours(store: EventStore, writers: number, ms: number, prefix: string): Promise<Round> {
  const facts = factsFor(writers, ms, prefix);
  return race(writers, ms, async (writer, revision) => {
    const fact = facts[writer]![revision];
    if (fact === undefined) return undefined;
    const expected = revision === 0 ? 'none' : revision - 1;
    const { outcome } = await store.append({ stream: streamOf(prefix, writer), expected, facts: [fact] });
    return outcome === 'appended';
  });
}

async function inserts(
  server: EmbeddedPostgres,
  writers: number,
  connections: number,
  ms: number,
  prefix: string,
): Promise<Round> {
  const facts = factsFor(writers, ms, prefix);
  const pool = new pg.Pool({ ...server.config('qadaga', 'owner'), max: connections, min: connections });
  const insert = {
    name: 'plain-insert',
    text: 'insert into public.plain_insert (stream, revision, id, type, body) values ($1, $2, $3, $4, $5)',
  };
  try {
    // Connecting is not what is measured.
    await Promise.all(Array.from({ length: connections }, () => pool.query('select pg_sleep(0.05)')));
    return await race(writers, ms, async (writer, revision) => {
      const fact = facts[writer]![revision];
      if (fact === undefined) return undefined;
      const stream = streamOf(prefix, writer);
      const values = [stream, revision, fact.id, fact.type, textOf(fact, stream, revision)];
      return (await pool.query({ ...insert, values })).rowCount === 1;
    });
  } finally {
    await pool.end();
  }
}
