import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { migrateSchema } from '#libs/assembly';
import { sharedTestPostgres, type TestDatabase } from '../../libs/embedded/testing.js';
import { freePort, Program } from '../support/program.js';

/** Programs run from their sources; `testing-run.mjs` compiles them on the way. */
const run = path.resolve('libs/embedded/testing-run.mjs');
const bin = '940140000385';
const started: Program[] = [];
let home: string;
let database: TestDatabase;

const urlOf = ({ user, password, host, port, database: name }: TestDatabase['app']) =>
  `postgres://${user}:${encodeURIComponent(password)}@${host}:${port}/${name}`;

/** With the application's user only: no process of a deployment is given the owner. */
async function program(app: 'api' | 'worker', roles = ''): Promise<Program> {
  const port = await freePort();
  const env = {
    QADAGA_HOME: home,
    QADAGA_DATABASE_URL: urlOf(database.app),
    QADAGA_LOG_LEVEL: 'warn',
    QADAGA_SWEEP_SECONDS: '2',
    ...(app === 'api' ? { PORT: String(port) } : { QADAGA_HEALTH_PORT: String(port), QADAGA_ROLES: roles }),
  };
  const one = new Program([run, path.resolve(`apps/${app}/main.ts`)], env, `http://127.0.0.1:${port}`);
  started.push(one);
  return one;
}

const keys = () =>
  Object.fromEntries(
    readFileSync(path.join(home, 'api-keys.txt'), 'utf8')
      .split('\n')
      .map((line) => line.split(/\s+/).slice(0, 2) as [string, string]),
  );

async function asked(api: Program, role: string, route: string, body?: object, key = route) {
  const response = await fetch(`${api.url}/api/v1/${route}`, {
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    headers: {
      authorization: `Bearer ${keys()[role]}`,
      ...(body ? { 'content-type': 'application/json', 'idempotency-key': `${key}-00000000` } : {}),
    },
  });
  return { status: response.status, body: (await response.json()) as { [name: string]: unknown } };
}

const reference = (caseRef: string) => ({
  newCase: { operatorBin: bin, caseRef, region: '55', address: 'Line 1' },
  period: '2026-Q3',
  powerMw: '12.5',
  equipmentInvestmentKzt: '1',
  investmentPotentialKzt: '1',
  jobs: 1,
});

/** Milliseconds until `look` answers true. */
async function until(what: string, patienceMs: number, look: () => Promise<boolean>): Promise<number> {
  const began = performance.now();
  while (!(await look())) {
    if (performance.now() - began > patienceMs) throw new Error(`${what} did not come within ${patienceMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return performance.now() - began;
}

const inDatabase = async <Row extends pg.QueryResultRow>(sql: string): Promise<Row[]> => {
  const client = new pg.Client(database.owner);
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
};

const facts = async (type: string) =>
  Number((await inDatabase<{ n: string }>(`select count(*) as n from log.facts where type = '${type}'`))[0]!.n);

describe('the house in several processes', () => {
  beforeAll(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-processes-'));
    database = await (await sharedTestPostgres()).createDatabase();
  }, 60_000);
  afterAll(async () => {
    await Promise.all(started.map((one) => one.kill()));
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  it('serves, projects, performs and delivers in a process each; ends in order; fails over', async () => {
    const api = await program('api');
    const projecting = await program('worker', 'projections');
    const performing = await program('worker', 'policies');
    const working = await program('worker', 'jobs');

    // They wait for the schema instead of making it.
    for (const one of [api, projecting, performing, working]) one.launch();
    await migrateSchema(database.owner, database.app.user);
    await Promise.all([api, projecting, performing, working].map((one) => one.untilReady(60_000)));

    const operator = { bin, name: 'Processes LLP', language: 'en' };
    expect((await asked(api, 'registrar', 'operators', operator)).status).toBe(201);
    expect((await asked(api, 'operator', 'quarterly-references', reference('P-1'))).status).toBe(201);
    await until('the notice of the filing', 20_000, async () => (await facts('NoticeSent')) === 1);
    await until('its row', 10_000, async () => {
      const { body } = await asked(api, 'energy-body', 'inbox/notices');
      return (body['items'] as unknown[]).length === 1;
    });

    // The one that projects and performs is killed without warning; another stands by.
    const standby = await program('worker', 'projections,policies');
    await standby.start();
    await Promise.all([projecting.kill(), performing.kill()]);
    expect((await asked(api, 'operator', 'quarterly-references', reference('P-2'), 'second')).status).toBe(201);
    const tookMs = await until('the second notice', 20_000, async () => (await facts('NoticeSent')) === 2);
    expect(tookMs).toBeLessThan(15_000);

    // A request that is under way when the process is told to end gets its answer.
    const { hostname, port } = new URL(api.url);
    const body = JSON.stringify(reference('P-3'));
    const request = http.request({
      hostname,
      port,
      method: 'POST',
      path: '/api/v1/quarterly-references',
      headers: {
        authorization: `Bearer ${keys()['operator']}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'idempotency-key': 'third-00000000',
      },
    });
    const answered = new Promise<number>((resolve, reject) => {
      request.on('response', (response) => resolve(response.resume().statusCode!)).on('error', reject);
    });
    await new Promise<void>((resolve) => request.write(body.slice(0, 20), () => resolve()));
    await new Promise((resolve) => setImmediate(resolve));
    const ending = performance.now();
    const ended = Promise.all([api, standby, working].map((one) => one.stop()));
    await until('the end of listening', 5_000, async () =>
      fetch(`${api.url}/health/live`).then(
        () => false,
        () => true,
      ),
    );
    request.end(body.slice(20));
    expect(await answered).toBe(201);
    expect(await ended).toEqual([0, 0, 0]);
    expect(performance.now() - ending).toBeLessThan(10_000);
  }, 180_000);
});
