import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { leadingGate, migrateSchema } from '#libs/assembly';
import { caseStream, factTypes, vocabulary } from '#libs/domain';
import {
  createPostgresEngineStore,
  createPostgresLeadership,
  PolicyRunner,
  policyLock,
  type EngineStore,
} from '#libs/engine';
import { createPostgresEventStore, knownTypesOnly, type EventStore } from '#libs/event-store';
import { drawUuid, instantOfMs, type Uuid } from '#libs/kernel';
import { createReadModels, type ReadModels } from '#libs/read-models';
import { loadRules } from '#libs/rules';
import { sharedTestPostgres, type TestDatabase } from '../../libs/embedded/testing.js';
import { Deployment, fromSources, until } from '../support/deployment.js';

const bin = '940140000385';
const token = 'a-token-of-twenty-characters';
let home: string;
let database: TestDatabase;
let house: Deployment;
let pool: pg.Pool;
let store: EventStore;
let engineStore: EngineStore;
let readModels: ReadModels;
let policies: PolicyRunner;

/** What a release does that knows one type of fact more: it runs here, beside processes of this one. */
beforeAll(async () => {
  home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-rolling-'));
  database = await (await sharedTestPostgres()).createDatabase();
  await migrateSchema(database.owner, database.app.user);
  house = new Deployment({
    home,
    database: database.app,
    programOf: fromSources,
    env: { QADAGA_METRICS_TOKEN: token },
  });
  const config = database.app;
  pool = new pg.Pool(config);
  store = knownTypesOnly(createPostgresEventStore({ config }), new Set([...factTypes, 'CaseSuspended']));
  engineStore = createPostgresEngineStore({ config });
  readModels = await createReadModels({
    config,
    store,
    rules: loadRules(),
    zone: 'Asia/Almaty',
    mayProject: leadingGate(pool, 'projections', vocabulary + 1),
  });
  policies = new PolicyRunner({
    store,
    engineStore,
    leadership: createPostgresLeadership({ config, lock: policyLock }),
    mayLead: leadingGate(pool, 'policies', vocabulary + 1),
    perform: async () => undefined,
    enqueue: async () => {},
    clock: { now: () => instantOfMs(Date.now()) },
  });
}, 60_000);
afterAll(async () => {
  await house.killAll();
  await policies.stop();
  await readModels.close();
  await Promise.all([store.close(), engineStore.close(), pool.end()]);
  await database.drop();
  rmSync(home, { recursive: true, force: true });
});

const reference = (more: object) => ({
  ...more,
  period: '2026-Q3',
  powerMw: '12.5',
  equipmentInvestmentKzt: '1',
  investmentPotentialKzt: '1',
  jobs: 1,
});
const newCase = (caseRef: string) =>
  reference({ newCase: { operatorBin: bin, caseRef, region: '55', address: 'Line 1' } });

/** As the newer release does. */
async function suspend(caseId: Uuid): Promise<void> {
  const stream = caseStream(caseId);
  const last = (await store.readStream(stream)).at(-1)!;
  const { meta, recordedAt, revision } = last;
  const fact = { id: drawUuid(), type: 'CaseSuspended', data: { caseId, reason: 'flood' }, recordedAt, meta };
  expect(await store.append({ stream, expected: revision, facts: [fact] })).toMatchObject({ outcome: 'appended' });
}

it('an older release leaves the field to a newer one as soon as that writes what it does not know', async () => {
  const api = await house.api();
  const older = await house.worker();
  await Promise.all([api.start(), older.start()]);
  await house.ask(api, 'registrar', 'operators', { bin, name: 'Rolling LLP', language: 'en' });
  const { body } = await house.ask(api, 'operator', 'quarterly-references', newCase('R-1'));
  const { caseId, filingId } = body as { caseId: Uuid; filingId: Uuid };
  readModels.projector.start();
  policies.start();
  expect(await readModels.waitFor((await store.head())!, 20_000)).toBe(true);
  expect(readModels.projector.state()).toBe('standby');

  await suspend(caseId);
  await until('the newer projector', 5_000, async () => readModels.projector.state() === 'active');
  await until('the newer policies', 5_000, async () => policies.state.leading && policies.state.caughtUp);
  expect(await readModels.waitFor((await store.head())!, 10_000)).toBe(true);
  expect(await readModels.listParked()).toEqual([]);
  expect(await engineStore.parked()).toEqual([]);

  // It says why.
  const health = await fetch(`${older.url}/health/ready`);
  expect([health.status, await health.json()]).toMatchObject([
    503,
    { checks: expect.arrayContaining([{ name: 'release', ok: false, detail: 'stands down before CaseSuspended' }]) },
  ]);
  const metrics = await fetch(`${older.url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await metrics.text();
  for (const role of ['projections', 'policies'])
    expect(text).toContain(`qadaga_stood_down{role="${role}",unknown="CaseSuspended"} 1`);
  expect(older.words).toContain('CaseSuspended');

  // The case cannot be read here now, others can.
  const later = await house.ask(api, 'operator', 'quarterly-references', reference({ caseId }), 'later');
  expect(later).toMatchObject({ status: 503, body: { type: 'urn:qadaga:problem:outdated' } });
  expect(Number(later.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await house.ask(api, 'operator', `filings/${filingId}/receipt`)).status).toBe(503);
  expect((await house.ask(api, 'operator', 'quarterly-references', newCase('R-2'), 'other')).status).toBe(201);
  expect((await house.ask(api, 'operator', 'cases')).status).toBe(200);

  // Nor does it come back when it is started anew, though the fact lies behind everybody by now.
  await until('all', 10_000, async () => policies.state.position === (await store.head()));
  expect(await readModels.waitFor((await store.head())!, 10_000)).toBe(true);
  await older.stop();
  await readModels.projector.stop();
  await policies.stop();
  older.launch();
  await until('its standing down', 20_000, async () => {
    const answer = await fetch(`${older.url}/health/ready`).catch(() => undefined);
    return (await answer?.text())?.includes(`stands down before facts/${vocabulary + 1}`) === true;
  });
  expect((await readModels.lag()).projectorActive).toBe(false);
}, 120_000);
