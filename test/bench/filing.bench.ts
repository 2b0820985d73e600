import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { addDays, firstDayOf, instantAt, nextQuarter } from '#libs/kernel';
import { dueBoards, openHouse } from '#libs/assembly';
import { joinOrStartEmbedded } from '#libs/embedded';
import { sweep } from '#libs/engine';
import type { LoadAnswer, LoadAsk } from './filing-load.js';
import { startHelper, startServerProcess } from './support/children.js';
import { plainTable } from './support/facts.js';
import { importCentres } from './support/import-centres.js';
import { withClient } from '#libs/postgres';
import { configOf, inNewHome } from './support/lab.js';
import { latestQuarter } from './support/quarters.js';
import { race, type Round } from './support/race.js';
import { goalOf, median, percentile, rounded, spread, type Bench } from './support/report.js';

const inFlight = 64;

/** P5. The real server on a durable home, all of it running: projections, policies, notices, jobs. */
export const filing: Bench = ({ quick, log }) =>
  inNewHome(async (home) => {
    const rounds = quick ? 1 : 3;
    const [warmUp, perRound, peerMs] = quick ? [500, 1500, 1000] : [2000, 6000, 5000];
    const { period, cases } = await casesIn(home, warmUp + rounds * perRound);
    log(`${cases.length} cases there`);
    const server = await startServerProcess(home);
    const generator = await startHelper<LoadAsk, LoadAnswer>('filing-load', []);
    const hello = await startHelper<object, string>('hello-server', []);
    try {
      const [database, helloUrl, key] = [await joinOrStartEmbedded({ home }), await hello.ask({}), operatorKey(home)];
      await withClient(database.config('qadaga', 'owner'), (client) => client.query(plainTable('one_row', 'drawn')));
      const headers = [`Authorization: Bearer ${key}`];
      const file = (caseIds: readonly string[]) =>
        generator.ask({
          url: server.url,
          path: '/api/v1/quarterly-references',
          inFlight,
          headers,
          posts: caseIds.map((caseId) => ({ key: randomUUID(), body: bodyOf(caseId, period) })),
          expect: 201,
        });
      const found = { ours: [] as LoadAnswer[], hello: [] as LoadAnswer[], commit: [] as Round[] };
      const settled: number[] = [];
      await file(cases.slice(0, warmUp));
      await settle(server.url, headers, database.config('qadaga', 'app'));
      for (let round = 0; round < rounds; round++) {
        const from = warmUp + round * perRound;
        found.ours.push(await file(cases.slice(from, from + perRound)));
        settled.push(await settle(server.url, headers, database.config('qadaga', 'app')));
        found.hello.push(
          await generator.ask({ url: helloUrl, path: '/hello', inFlight, headers: [], ms: peerMs, expect: 200 }),
        );
        found.commit.push(await commits(database.config('qadaga', 'owner'), peerMs));
        log(
          `round ${round + 1}: ${Math.round(rateOf(found.ours.at(-1)!))} filings/s, all of it settled ${Math.round(settled.at(-1)!)} ms later`,
        );
      }
      const wrong = found.ours.find((one) => one.wrong !== undefined)?.wrong;
      const rate = median(found.ours.map(rateOf));
      const all = (some: readonly Round[]) => some.flatMap((one) => [...one.latencies]);
      const errors = (some: readonly Round[]) => some.reduce((sum, one) => sum + one.errors, 0);
      const line = (name: string, some: readonly Round[]) => ({
        name,
        rate: Math.round(median(some.map(rateOf))),
        ...spread(all(some)),
        errors: errors(some),
      });
      return {
        measured: [
          line('quarterly reference filed', found.ours),
          line('hello world of Nest and Fastify', found.hello),
          line('one-row commit, 8 connections', found.commit),
        ],
        goals: [goalOf('filings', rate, 1500, '/s'), goalOf('p95', percentile(all(found.ours), 95), 60, ' ms', false)],
        notes: [
          `${inFlight} in flight on as many connections, ${rounds} rounds of ${perRound}, each a case and a key of its own; server, PostgreSQL and generator share the machine`,
          `to hello world ${rounded(rate / median(found.hello.map(rateOf)))}x, to a one-row commit ${rounded(rate / median(found.commit.map(rateOf)))}x`,
          `all notices sent and read models level ${Math.round(median(settled))} ms after the last answer (median)`,
          ...(wrong === undefined ? [] : [`an answer that was not 201: ${wrong}`]),
        ],
      };
    } finally {
      await hello.stop();
      await generator.stop();
      await server.stop();
    }
  });

const rateOf = ({ count, tookMs }: Round): number => (count * 1000) / tookMs;

/**
 * Centres that owe one reference, on the day after its quarter ended: the home keeps that clock, so no reminder is due
 * while filings are measured.
 */
async function casesIn(home: string, count: number) {
  const zone = 'Asia/Almaty';
  const { period, firstDay } = latestQuarter(zone);
  const day = instantAt(addDays(firstDayOf(nextQuarter(period)), 1), '09:00', zone);
  const opened = await openHouse(configOf(home, { QADAGA_SIMULATED_CLOCK: day }), { projector: true });
  try {
    await importCentres(opened, count, firstDay);
    await opened.catchUp();
    await sweep({ house: opened.house, boards: dueBoards(opened.readModels, opened.pool) });
    await opened.catchUp();
    return { period, cases: (await opened.caseRefs.all()).map(({ caseId }) => caseId) };
  } finally {
    await opened.close();
  }
}

const operatorKey = (home: string): string =>
  /^operator\s+(\S+)/m.exec(readFileSync(path.join(home, 'api-keys.txt'), 'utf8'))![1]!;

const bodyOf = (caseId: string, period: string): string =>
  JSON.stringify({
    caseId,
    period,
    powerMw: '46.85',
    equipmentInvestmentKzt: '502000000',
    investmentPotentialKzt: '1224000000',
    jobs: 44,
  });

/** Waits until nothing is on its way any more: every notice sent, every fact folded. @returns how long that took, ms. */
async function settle(url: string, headers: readonly string[], database: pg.ClientConfig): Promise<number> {
  const began = performance.now();
  const [, value] = headers[0]!.split(': ');
  await withClient(database, async (client) => {
    for (;;) {
      const { rows } = await client.query<{ busy: boolean }>(
        `select exists (select 1 from read.notice where situation in ('issued', 'queued') and sent_at is null)
           or (select min(position::bigint) from read.checkpoint) < (select max(position) from log.facts)
           or (select count(*) from read.filing where kind = 'quarterly_reference') > (select count(*) from read.notice) as busy`,
      );
      if (!rows[0]!.busy) return;
      if (performance.now() - began > 600_000) throw new Error('the server does not come to rest');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  const answer = await fetch(`${url}/health/ready`, { headers: { authorization: value! } });
  if (!answer.ok) throw new Error(`the server is not ready: ${answer.status}`);
  return performance.now() - began;
}

async function commits(config: pg.PoolConfig, ms: number): Promise<Round> {
  const pool = new pg.Pool({ ...config, max: 8, min: 8 });
  const name = `one-row-${randomUUID()}`;
  const text = 'insert into public.one_row (stream, revision, id, type, body) values ($1, $2, $3, $4, $5)';
  const body = 'x'.repeat(700);
  try {
    return await race(inFlight, ms, async (writer, n) => {
      const values = [`${name}-${writer}`, n, randomUUID(), 'BenchRow', body];
      return (await pool.query({ name: 'one-row', text, values })).rowCount === 1;
    });
  } finally {
    await pool.end();
  }
}
