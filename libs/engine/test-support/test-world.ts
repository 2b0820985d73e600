import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { instant, type Quarter, type Uuid } from '#libs/kernel';
import { caseWorkStream, noticeStream, type AlertRaised } from '#libs/domain';
import { migrateEventStore, type EventStore } from '#libs/event-store';
import { migrateJobs } from '#libs/jobs';
import { eventually } from '../../jobs/test-support/arrivals.js';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../../embedded/testing.js';
import { migrateEngine } from '../postgres-store.js';
import { EnergyBody } from './energy-body.js';
import { TestClock, typesOf } from './test-house.js';
import { testProcess, type TestProcess, type TestProcessOptions } from './test-process.js';

export const q = (text: string) => text as Quarter;

/** What a test of the engine lives in: a database of its own, a clock, an outbox, an energy body. */
export interface TestWorld {
  readonly database: TestDatabase;
  readonly outbox: string;
  readonly clock: TestClock;
  readonly energyBody: EnergyBody;
  /** A process of the house; ended with the test. */
  open(options?: Partial<TestProcessOptions>): TestProcess;
  /** A worker in an operating system's process, to be killed by the test. */
  startWorker(options: Partial<TestProcessOptions>): Promise<ChildProcess>;
}

/** Begins a new world before each test of the file. It is the morning of 5 January 2021 in Almaty. */
export function eachInItsOwnWorld(): TestWorld {
  // Generous: a loaded machine is slow, and no test is about time.
  jest.setTimeout(60_000);
  let postgres: TestPostgres;
  let world: Omit<TestWorld, 'open' | 'startWorker'>;
  let processes: TestProcess[];
  beforeAll(async () => {
    postgres = await sharedTestPostgres();
  }, 120_000);
  beforeEach(async () => {
    const database = await postgres.createDatabase();
    await migrateEventStore(database.owner);
    await migrateJobs(database.owner);
    await migrateEngine(database.owner);
    world = {
      database,
      outbox: mkdtempSync(path.join(os.tmpdir(), 'qadaga-outbox-')),
      clock: new TestClock(instant('2021-01-05T06:00:00Z')),
      energyBody: await EnergyBody.start(),
    };
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map((one) => one.stop()));
    await world.energyBody.stop();
    await world.database.drop();
    rmSync(world.outbox, { recursive: true, force: true });
  });
  return {
    get database() {
      return world.database;
    },
    get outbox() {
      return world.outbox;
    },
    get clock() {
      return world.clock;
    },
    get energyBody() {
      return world.energyBody;
    },
    open(options = {}) {
      const { database, clock, outbox } = world;
      const one = testProcess({ config: database.app, clock, outbox, lockMs: 1500, ...options });
      processes.push(one);
      return one;
    },
    async startWorker(options) {
      const files = ['../../embedded/testing-run.mjs', 'worker.ts'].map((name) => path.join(__dirname, name));
      const { database, clock, outbox } = world;
      const given = JSON.stringify({ config: database.app, outbox, at: clock.now(), ...options });
      const child = spawn(process.execPath, [...files, given], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout!, 'data');
      return child;
    },
  };
}

export async function alertsOf(store: EventStore, caseId: Uuid): Promise<AlertRaised['data'][]> {
  const facts = await store.readStream(caseWorkStream(caseId));
  return facts.filter((fact) => fact.type === 'AlertRaised').map((fact) => fact.data as AlertRaised['data']);
}

/** What became of the alerts of a case, one for each sending. */
export const sendingsOf = async (store: EventStore, caseId: Uuid) =>
  (await store.readStream(caseWorkStream(caseId)))
    .filter((fact) => /^Alert(Sent|Cancelled|Failed)$/.test(fact.type))
    .map((fact) => ({ type: fact.type, ...(fact.data as { channel?: string; audience?: string }) }));

export const typesOfNotice = (store: EventStore, noticeId: Uuid) => typesOf(store, noticeStream(noticeId));
/** The types of a notice's facts, once one of them is `type`. */
export const untilNotice = (store: EventStore, noticeId: Uuid, type: string) =>
  eventually(async () => {
    const types = await typesOfNotice(store, noticeId);
    return types.includes(type) && types;
  });
