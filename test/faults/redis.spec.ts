import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { migrateSchema, openHouse, type OpenedHouse } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { sharedTestPostgres, type TestDatabase } from '../../libs/embedded/testing.js';
import { EnergyBody } from '../../libs/engine/test-support/energy-body.js';
import { findRedisServer, makeRoomLess, startRedisServer } from '../../libs/jobs/test-support/redis-server.js';
import { Deployment, fromSources, until, urlOf } from '../support/deployment.js';
import { freePort } from '../support/free-port.js';
import { checkEffects } from '../support/invariants.js';
import type { Program } from '../support/program.js';

const present = findRedisServer();
if (!present && process.env.QADAGA_REQUIRE === 'all')
  it('finds redis-server', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no redis-server on the PATH');
  });

const bin = '940140000385';

(present ? describe : describe.skip)('Redis under the queues (needs redis-server)', () => {
  let home: string;
  let database: TestDatabase;
  let house: Deployment;
  let energyBody: EnergyBody;
  let port: number;
  let redis: Awaited<ReturnType<typeof startRedisServer>> | undefined;
  let api: Program;
  let worker: Program;
  let opened: OpenedHouse;
  let filed = 0;

  beforeAll(async () => {
    home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-redis-house-'));
    database = await (await sharedTestPostgres()).createDatabase();
    await migrateSchema(database.owner, database.app.user);
    energyBody = await EnergyBody.start();
    port = await freePort();
    house = new Deployment({
      home,
      database: database.app,
      programOf: fromSources,
      env: {
        QADAGA_QUEUE: 'redis',
        QADAGA_REDIS_URL: `redis://127.0.0.1:${port}`,
        QADAGA_SWEEP_SECONDS: '2',
        QADAGA_ENERGY_BODY_URL: energyBody.url,
      },
    });
    api = await house.api();
    worker = await house.worker();
    const config = loadConfig({
      QADAGA_HOME: home,
      QADAGA_DATABASE_URL: urlOf(database.app),
      QADAGA_DATABASE_OWNER_URL: urlOf(database.owner),
    });
    opened = await openHouse(config, { projector: false });
  }, 120_000);
  afterAll(async () => {
    await house.killAll();
    await opened.close();
    await redis?.stop();
    await energyBody.stop();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });

  const file = async (count: number) => {
    for (let n = 0; n < count; n++) {
      const body = {
        newCase: { operatorBin: bin, caseRef: `R-${++filed}`, region: '55', address: 'Line 1' },
        period: '2026-Q3',
        powerMw: '12.5',
        equipmentInvestmentKzt: '1',
        investmentPotentialKzt: '1',
        jobs: 1,
      };
      expect((await house.ask(api, 'operator', 'quarterly-references', body, `r-${filed}`)).status).toBe(201);
    }
  };
  /** Each filing has its one notice, which the energy body has, within the minute that the keeper may need. */
  const allDelivered = async () => {
    const delivered = async () => {
      let count = 0;
      for await (const batch of opened.store.readAll())
        count += batch.filter(({ type }) => type === 'NoticeDelivered').length;
      return count;
    };
    await until('every notice', 60_000, async () => (await delivered()) === filed);
    expect(await checkEffects(opened.store)).toEqual([]);
    expect(energyBody.taken.size).toBe(filed);
  };

  /** It is asked, and answers nobody before it is told to. */
  const holdTheEnergyBody = () => {
    let ask = () => {};
    const asked = new Promise<void>((resolve) => (ask = resolve));
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    energyBody.answer = async () => {
      ask();
      await answered;
      return 200;
    };
    return { asked, answer: () => answer() };
  };

  it('may be down when the house starts: filings are taken, and notices leave when it is there', async () => {
    api.launch();
    worker.launch();
    await until('an api that lives', 60_000, async () => {
      try {
        return (await fetch(`${api.url}/health/live`)).ok;
      } catch {
        return false;
      }
    });
    await until('the keys', 60_000, async () => {
      try {
        return house.keys['operator'] !== undefined;
      } catch {
        return false;
      }
    });
    await api.untilReady(60_000);
    await house.ask(api, 'registrar', 'operators', { bin, name: 'Redis LLP', language: 'en' });
    await file(2);
    await until('a worker that answers about its health', 60_000, () =>
      fetch(worker.url).then(
        () => true,
        () => false,
      ),
    );
    const health = await (await fetch(`${worker.url}/health/ready`)).text();
    expect(health).toMatch(/"queue","ok":false/);
    redis = await startRedisServer({ port });
    await worker.untilReady(60_000);
    await allDelivered();
  }, 240_000);

  it('may forget everything, again and again', async () => {
    const client = new Redis(port, '127.0.0.1');
    for (let n = 0; n < 4; n++) {
      await file(2);
      await client.flushall();
    }
    client.disconnect();
    await allDelivered();
  }, 240_000);

  it('may push jobs out of its memory, and keep what then is of no use: it is said, and all is queued anew', async () => {
    const held = holdTheEnergyBody();
    await file(10);
    await held.asked;
    const client = new Redis(port, '127.0.0.1');
    // More than are brought at once: some wait in a list, which is one key.
    const waiting = 'qadaga:deliver-notice:wait';
    await until('a job that waits', 60_000, async () => (await client.llen(waiting)) > 0);
    await makeRoomLess(client, async () => (await client.exists(waiting)) === 0);
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await until('a word about it', 60_000, async () => worker.hasSaid(/maxmemory-policy is allkeys-lru/));
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    client.disconnect();
    held.answer();
    await allDelivered();
  }, 240_000);

  it('may be killed and come back empty while jobs are active', async () => {
    const held = holdTheEnergyBody();
    await file(3);
    await held.asked;
    await redis!.kill();
    held.answer();
    await file(2);
    redis = await startRedisServer({ port });
    await allDelivered();
  }, 240_000);
});
