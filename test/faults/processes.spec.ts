import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrateSchema } from '#libs/assembly';
import { sharedTestPostgres, type TestDatabase } from '../../libs/embedded/testing.js';
import { Deployment, fromSources, until } from '../support/deployment.js';
import type { Program } from '../support/program.js';

const bin = '940140000385';
let home: string;
let database: TestDatabase;
let house: Deployment;

const reference = (caseRef: string) => ({
  newCase: { operatorBin: bin, caseRef, region: '55', address: 'Line 1' },
  period: '2026-Q3',
  powerMw: '12.5',
  equipmentInvestmentKzt: '1',
  investmentPotentialKzt: '1',
  jobs: 1,
});

const file = async (api: Program, caseRef: string) =>
  expect((await house.ask(api, 'operator', 'quarterly-references', reference(caseRef), caseRef)).status).toBe(201);

const facts = async (type: string) => {
  const client = new pg.Client(database.owner);
  await client.connect();
  try {
    const { rows } = await client.query<{ n: string }>('select count(*) as n from log.facts where type = $1', [type]);
    return Number(rows[0]!.n);
  } finally {
    await client.end();
  }
};

/** A filing whose request is begun and not ended. */
async function begun(api: Program, caseRef: string) {
  const { hostname, port } = new URL(api.url);
  const body = JSON.stringify(reference(caseRef));
  const request = http.request({
    hostname,
    port,
    method: 'POST',
    path: '/api/v1/quarterly-references',
    headers: {
      authorization: `Bearer ${house.keys['operator']}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': `${caseRef}-00000000`,
    },
  });
  const answered = new Promise<number | string>((resolve) => {
    request.on('response', (response) => resolve(response.resume().statusCode!));
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  await new Promise<void>((resolve) => request.write(body.slice(0, 20), () => resolve()));
  await new Promise((resolve) => setImmediate(resolve));
  return { answered, end: () => request.end(body.slice(20)) };
}

const notListening = (api: Program) =>
  until('the end of listening', 5_000, async () =>
    fetch(`${api.url}/health/live`).then(
      () => false,
      () => true,
    ),
  );

beforeEach(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-processes-'));
  database = await (await sharedTestPostgres()).createDatabase();
  house = new Deployment({
    home,
    database: database.app,
    programOf: fromSources,
    env: { QADAGA_SWEEP_SECONDS: '2' },
  });
}, 60_000);
afterEach(async () => {
  await house.killAll();
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

describe('the house in several processes', () => {
  it('serves, projects, performs and delivers in a process each; ends in order; fails over', async () => {
    const api = await house.api();
    const projecting = await house.worker('projections');
    const performing = await house.worker('policies');
    const working = await house.worker('jobs');

    // They wait for the schema instead of making it.
    for (const one of [api, projecting, performing, working]) one.launch();
    await migrateSchema(database.owner, database.app.user);
    await Promise.all([api, projecting, performing, working].map((one) => one.untilReady(60_000)));

    const operator = { bin, name: 'Processes LLP', language: 'en' };
    expect((await house.ask(api, 'registrar', 'operators', operator)).status).toBe(201);
    await file(api, 'P-1');
    await until('the notice of the filing', 20_000, async () => (await facts('NoticeSent')) === 1);
    await until('its row', 10_000, async () => {
      const { body } = await house.ask(api, 'energy-body', 'inbox/notices');
      return (body['items'] as unknown[]).length === 1;
    });

    // The one that projects is killed without warning, the one that performs stands still; another stands by.
    const standby = await house.worker('projections,policies');
    await standby.start();
    performing.freeze();
    await projecting.kill();
    await file(api, 'P-2');
    expect(await until('the second notice', 20_000, async () => (await facts('NoticeSent')) === 2)).toBeLessThan(
      15_000,
    );
    performing.wake();
    // It finds itself replaced, and now stands by for the one that replaced it.
    await projecting.start();
    standby.freeze();
    await file(api, 'P-3');
    await until('the third notice', 20_000, async () => (await facts('NoticeSent')) === 3);
    standby.wake();
    await until('its row', 10_000, async () => {
      const { body } = await house.ask(api, 'energy-body', 'inbox/notices');
      return (body['items'] as unknown[]).length === 3;
    });
    expect(await facts('NoticeIssued')).toBe(3);

    // A request that is under way when the process is told to end gets its answer.
    const request = await begun(api, 'P-4');
    const ending = performance.now();
    const ended = Promise.all([api, standby, working].map((one) => one.stop()));
    await notListening(api);
    request.end();
    expect(await request.answered).toBe(201);
    expect(await ended).toEqual([0, 0, 0]);
    expect(performance.now() - ending).toBeLessThan(10_000);
  }, 180_000);

  it('ends within ten seconds though a sender stalls and the energy body does not answer', async () => {
    // It takes what it is sent and says nothing.
    const silent = createServer((socket) => void socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const connected = new Promise((resolve) => silent.once('connection', resolve));
    const pushing = new Deployment({
      home,
      database: database.app,
      programOf: fromSources,
      env: { QADAGA_ENERGY_BODY_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}/` },
    });
    try {
      await migrateSchema(database.owner, database.app.user);
      const api = await house.api();
      const worker = await pushing.worker();
      await Promise.all([api.start(), worker.start()]);
      await house.ask(api, 'registrar', 'operators', { bin, name: 'Processes LLP', language: 'en' });
      await file(api, 'D-1');
      await connected;

      const stalled = await begun(api, 'D-2');
      const ending = performance.now();
      expect(await Promise.all([api.stop(), worker.stop()])).toEqual([0, 0]);
      expect(performance.now() - ending).toBeLessThan(10_000);
      // Cut off, or told that its request did not arrive in time.
      expect(['ECONNRESET', 408]).toContain(await stalled.answered);

      // What the worker let go of is owed as before.
      const other = await house.worker();
      await other.start();
      await until('the notice', 60_000, async () => (await facts('NoticeSent')) === 1);
    } finally {
      await pushing.killAll();
      silent.close();
    }
  }, 180_000);
});
