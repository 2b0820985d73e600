import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { instant, plainDate, type Quarter, type Uuid } from '#libs/kernel';
import {
  authorityDecider,
  authorityStream,
  caseWorkStream,
  noticeIdOf,
  noticeStream,
  type AlertRaised,
} from '#libs/domain';
import { migrateEventStore, type EventStore } from '#libs/event-store';
import { migrateJobs } from '#libs/jobs';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../embedded/testing.js';
import { eventually } from '../jobs/test-support/arrivals.js';
import { wipeJobs } from '../jobs/test-support/wipe-jobs.js';
import type { LastSweep } from './engine.js';
import { migrateEngine } from './postgres-store.js';
import { EnergyBody } from './test-support/energy-body.js';
import {
  TestClock,
  accepted,
  fileReference,
  personRequest,
  registerOperator,
  typesOf,
} from './test-support/test-house.js';
import { testProcess, type TestProcess, type TestProcessOptions } from './test-support/test-process.js';

const q = (text: string) => text as Quarter;
let postgres: TestPostgres;
let database: TestDatabase;
let outbox: string;
let clock: TestClock;
let energyBody: EnergyBody;
let processes: TestProcess[];

beforeAll(async () => {
  postgres = await sharedTestPostgres();
}, 120_000);

beforeEach(async () => {
  database = await postgres.createDatabase();
  await migrateEventStore(database.owner);
  await migrateJobs(database.owner);
  await migrateEngine(database.owner);
  outbox = mkdtempSync(path.join(os.tmpdir(), 'qadaga-outbox-'));
  clock = new TestClock(instant('2021-01-05T06:00:00Z'));
  energyBody = await EnergyBody.start();
  processes = [];
});

afterEach(async () => {
  await Promise.all(processes.map((one) => one.stop()));
  await energyBody.stop();
  await database.drop();
  rmSync(outbox, { recursive: true, force: true });
});

function open(options: Partial<TestProcessOptions> = {}): TestProcess {
  const one = testProcess({ config: database.app, clock, outbox, lockMs: 1500, ...options });
  processes.push(one);
  return one;
}
const push = (timeoutMs = 2000) => ({ channel: 'push', url: energyBody.url, timeoutMs }) as const;
const noticeTypes = (store: EventStore, noticeId: Uuid) => typesOf(store, noticeStream(noticeId));
const untilTypes = (store: EventStore, noticeId: Uuid, type: string) =>
  eventually(async () => {
    const types = await noticeTypes(store, noticeId);
    return types.includes(type) && types;
  });
async function alertsOf(store: EventStore, caseId: Uuid): Promise<AlertRaised['data'][]> {
  const facts = await store.readStream(caseWorkStream(caseId));
  return facts.filter((fact) => fact.type === 'AlertRaised').map((fact) => fact.data as AlertRaised['data']);
}
/** Tries the delivery again at once instead of after its wait, until the process sees the fact. */
const hasten = (one: TestProcess, noticeId: Uuid, done: (types: readonly string[]) => boolean) =>
  eventually(async () => {
    await one.queue.retry('deliver-notice', `notice-${noticeId}`);
    const types = await noticeTypes(one.store, noticeId);
    return done(types) && types;
  });

describe('a notice', () => {
  it('is issued for a filing and lies in the inbox, once', async () => {
    const one = open();
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    const types = await untilTypes(one.store, noticeId, 'NoticeSent');
    expect(types).toEqual(['NoticeIssued', 'NoticeQueued', 'NoticeSent']);
    expect(one.errors).toEqual([]);
  });

  it('is posted again after an error and after silence, under one key, and recorded as delivered once', async () => {
    const one = open({ delivery: push(200) });
    const answers = [500, 'silence', 200] as const;
    energyBody.answer = () => answers[energyBody.posts.all.length]!;
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    const types = await hasten(one, noticeId, (all) => all.includes('NoticeDelivered'));
    expect(types).toEqual([
      'NoticeIssued',
      'NoticeQueued',
      'NoticeDeliveryFailed',
      'NoticeDeliveryFailed',
      'NoticeSent',
      'NoticeDelivered',
    ]);
    expect(energyBody.posts.all.map((post) => post.key)).toEqual([noticeId, noticeId, noticeId]);
    const failures = (await one.store.readStream(noticeStream(noticeId)))
      .filter((fact) => fact.type === 'NoticeDeliveryFailed')
      .map((fact) => (fact.data as { attempt: number; reason: string }).reason);
    expect(failures).toEqual(['their system answered 500', 'their system did not answer within 0 s']);
  });

  it('is alerted, breached and still delivered past its deadline', async () => {
    const one = open({ delivery: push() });
    energyBody.answer = () => 503;
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await untilTypes(one.store, noticeId, 'NoticeDeliveryFailed');

    clock.set('2021-01-06T07:00:00Z');
    await one.engine.sweep();
    clock.set('2021-01-12T07:00:00Z');
    const report = await one.engine.sweep();
    expect(report).toMatchObject({ breaches: 1, stuckCount: 0, complete: true });
    const alerts = (await alertsOf(one.store, caseId)).filter(({ subject }) => subject.kind === 'notice');
    expect(alerts.map(({ step, passed, audience }) => ({ step, passed, audience }))).toEqual([
      { step: '24h', passed: [], audience: ['case-officer'] },
      { step: 'breach', passed: ['72h', '96h', 'nominal-due'], audience: ['case-officer', 'senior-officer'] },
    ]);

    energyBody.answer = () => 200;
    await hasten(one, noticeId, (all) => all.includes('NoticeDelivered'));
    const sent = (await one.store.readStream(noticeStream(noticeId))).find((fact) => fact.type === 'NoticeSent')!;
    expect(sent.data).toMatchObject({ channel: 'push', inTime: false });
    expect((await noticeTypes(one.store, noticeId)).filter((type) => type === 'NoticeTermBreached')).toHaveLength(1);
  });

  it('has one effect when its worker is killed between the post and the record', async () => {
    const one = open();
    await registerOperator(one);
    one.engine.policies.start();
    const killed = await startWorker({ delivery: push(60_000), lockMs: 1500 });
    let kill = true;
    energyBody.answer = async () => {
      if (!kill) return 200;
      kill = false;
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      return 200;
    };
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await energyBody.posts.reach(1);
    expect(await noticeTypes(one.store, noticeId)).not.toContain('NoticeSent');

    const other = open({ delivery: push() });
    await other.engine.startJobs();
    const types = await untilTypes(one.store, noticeId, 'NoticeDelivered');
    expect(types).toEqual(['NoticeIssued', 'NoticeQueued', 'NoticeSent', 'NoticeDelivered']);
    expect(energyBody.posts.all.map((post) => post.key)).toEqual([noticeId, noticeId]);
    expect(energyBody.taken.size).toBe(1);
  }, 60_000);
});

describe('a queue that was wiped', () => {
  it('is filled again with all that is owed, while everything runs', async () => {
    const one = open({ delivery: push(), keeperSeconds: 0.2 });
    energyBody.answer = () => 503;
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const filed = [
      await fileReference(one, q('2020-Q4')),
      await fileReference(one, q('2020-Q4')),
      await fileReference(one, q('2020-Q4')),
    ];
    for (const { caseId, filingId } of filed)
      await untilTypes(one.store, noticeIdOf(filingId, caseId), 'NoticeDeliveryFailed');
    energyBody.answer = () => 200;
    await wipeJobs(database.owner);
    for (const { caseId, filingId } of filed)
      await untilTypes(one.store, noticeIdOf(filingId, caseId), 'NoticeDelivered');
    await eventually(async () => (await one.queue.nextRun('sweep')) !== undefined);
    expect(energyBody.taken.size).toBe(3);
  });
});

describe('the sweep', () => {
  /** A centre that filed for 2020-Q4 and owes 2021-Q1. */
  async function owing(one: TestProcess): Promise<Uuid> {
    clock.set('2021-01-05T06:00:00Z');
    const { caseId } = await fileReference(one, q('2020-Q4'));
    clock.set('2021-04-01T06:00:00Z');
    return caseId;
  }
  const steps = async (one: TestProcess, caseId: Uuid) =>
    (await alertsOf(one.store, caseId)).map(({ step, passed }) => ({ step, passed }));

  it('opens the duty of a quarter that ended, and goes up the ladder with the days', async () => {
    const one = open();
    await registerOperator(one);
    const caseId = await owing(one);
    expect(await one.engine.sweep()).toMatchObject({ assessed: 1, alertsRaised: 1, stuckCount: 0 });
    expect(await one.engine.sweep()).toMatchObject({ due: 0, alertsRaised: 0 });
    for (const day of ['2021-04-07', '2021-04-11', '2021-04-13', '2021-04-17', '2021-04-22', '2021-05-12']) {
      clock.set(`${day}T06:00:00Z`);
      await one.engine.sweep();
    }
    const alerts = await alertsOf(one.store, caseId);
    expect(alerts.map(({ step, audience, passed }) => [step, audience.join('+'), passed.length])).toEqual([
      ['opened', 'operator', 0],
      ['before-5', 'operator', 0],
      ['before-1', 'operator', 0],
      ['overdue', 'operator', 0],
      ['overdue-5', 'operator', 0],
      ['overdue-10', 'operator+senior-officer', 0],
      ['overdue-30', 'operator+senior-officer', 0],
    ]);
  });

  it('records a miss once, at the end of the term, and after downtime sends the highest step alone', async () => {
    const one = open();
    await registerOperator(one);
    const caseId = await owing(one);
    await one.engine.sweep();
    clock.set('2021-04-12T17:59:59Z');
    expect((await one.engine.sweep()).missed).toBe(0);
    clock.set('2021-04-18T06:00:00Z');
    expect((await one.engine.sweep()).missed).toBe(1);
    expect((await one.engine.sweep()).missed).toBe(0);
    const missed = (await one.store.readStream(`case-${caseId}`)).filter((fact) => fact.type === 'ObligationMissed');
    expect(missed.map((fact) => fact.data)).toMatchObject([{ dueOn: '2021-04-12', detectedOn: '2021-04-18' }]);
    expect(await steps(one, caseId)).toEqual([
      { step: 'opened', passed: [] },
      { step: 'before-1', passed: ['before-5'] },
      { step: 'overdue-5', passed: ['overdue'] },
    ]);
  });

  it('never reminds one who has filed', async () => {
    const one = open();
    await registerOperator(one);
    const caseId = await owing(one);
    await one.engine.sweep();
    await fileReference(one, q('2021-Q1'), { caseId });
    clock.set('2021-06-30T06:00:00Z');
    expect(await one.engine.sweep()).toMatchObject({ due: 0, alertsRaised: 0, missed: 0 });
  });

  it('raises one alert per duty and step when two run at once', async () => {
    const one = open();
    const two = open();
    await registerOperator(one);
    const cases: Uuid[] = [];
    for (let n = 0; n < 30; n++) cases.push(await owing(one));
    const reports = await Promise.all([one.engine.sweep(), two.engine.sweep()]);
    expect(reports[0].alertsRaised + reports[1].alertsRaised).toBe(30);
    clock.set('2021-04-13T06:00:00Z');
    await Promise.all([one.engine.sweep(), two.engine.sweep()]);
    for (const caseId of cases)
      expect(await steps(one, caseId)).toEqual([
        { step: 'opened', passed: [] },
        { step: 'overdue', passed: ['before-5', 'before-1'] },
      ]);
    const types = await typesOf(one.store, 'case-');
    expect(types.filter((type) => type === 'ObligationMissed')).toHaveLength(30);
    expect([...one.errors, ...two.errors]).toEqual([]);
  });

  it('ends, and names the row, when a board keeps showing what there is nothing to do about', async () => {
    const one = open();
    await registerOperator(one);
    const caseId = await owing(one);
    const wrong = { caseId, nextStepAt: instant('2020-01-01T00:00:00Z') };
    const truth = one.boards.dueCases.bind(one.boards);
    one.boards.dueCases = async (now, limit) => [wrong, ...(await truth(now, limit))].slice(0, limit);
    const report = await one.engine.sweep();
    expect(report).toMatchObject({ alertsRaised: 1, complete: true, stuckCount: 1 });
    expect(report.stuck).toMatchObject([{ what: 'case', id: caseId, nextStepAt: wrong.nextStepAt }]);
    expect((await one.engine.status()).lastSweep?.stuckCount).toBe(1);
  });

  it('tells of the last and the next sweep and of the nearest deadline', async () => {
    const one = open();
    await registerOperator(one);
    await owing(one);
    await one.engine.startJobs();
    const status = await eventually(async () => {
      const found = await one.engine.status();
      return found.lastSweep !== undefined && found.nearestDeadline !== undefined && found;
    });
    expect(status.nearestDeadline).toEqual({ at: '2021-04-12T18:00:00.000Z', hours: 276 });
    expect(status.lastSweep satisfies LastSweep | undefined).toMatchObject({ at: clock.now(), stuckCount: 0 });
    expect(status.nextSweepAt).toBeDefined();
    expect(status.queues?.sweep.failed).toBe(0);
  });
});

describe('an alert', () => {
  async function reminded(one: TestProcess): Promise<Uuid> {
    const { caseId } = await fileReference(one, q('2020-Q4'));
    clock.set('2021-04-13T06:00:00Z');
    await one.engine.sweep();
    return caseId;
  }
  const sendings = async (store: EventStore, caseId: Uuid) =>
    (await store.readStream(caseWorkStream(caseId)))
      .filter((fact) => /^Alert(Sent|Cancelled|Failed)$/.test(fact.type))
      .map((fact) => ({ type: fact.type, ...(fact.data as { channel?: string; audience?: string }) }));
  const untilSent = (store: EventStore, caseId: Uuid) =>
    eventually(async () => {
      const all = await sendings(store, caseId);
      return all.length > 0 && all;
    });

  it('goes to the operator as one private mail file in its language', async () => {
    const one = open();
    await registerOperator(one, { emails: ['filings@example.kz'] }, 'ru');
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertSent', channel: 'mail' }]);
    const folder = path.join(outbox, 'mail');
    const files = readdirSync(folder);
    const [alert] = await alertsOf(one.store, caseId);
    expect(files).toEqual([`${alert!.alertId}.eml`]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(folder, files[0]!)).mode & 0o777).toBe(0o600);
    const mail = readFileSync(path.join(folder, files[0]!), 'utf8');
    expect(mail).toContain('To: filings@example.kz');
    expect(mail).toContain(`Message-ID: <${alert!.alertId}@qadaga>`);
    const body = mail.slice(mail.indexOf('\r\n\r\n') + 4);
    const text = /base64/.test(mail)
      ? Buffer.from(body, 'base64').toString()
      : Buffer.from(
          body
            .replace(/=\r\n/g, '')
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
          'latin1',
        ).toString();
    expect(text).toContain('Последний день срока: 2021-04-12');
    expect(text).toContain('Дней просрочки: 1');
    expect(text).not.toContain('940140000385');
  });

  it('goes to the letter list without a mail address', async () => {
    const one = open();
    await registerOperator(one, null);
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([
      { type: 'AlertSent', channel: 'letter-list', audience: 'operator' },
    ]);
  });

  it('is cancelled when the duty was kept before it was sent', async () => {
    const one = open();
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one);
    await fileReference(one, q('2021-Q1'), { caseId });
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertCancelled' }]);
    expect(() => readdirSync(path.join(outbox, 'mail'))).toThrow();
  });
});

describe('an order of the authority', () => {
  it('is followed into every case it reaches, also by who comes later to a broken off job', async () => {
    const one = open();
    await registerOperator(one);
    const cases: Uuid[] = [];
    for (let n = 0; n < 3; n++) cases.push((await fileReference(one, q('2020-Q4'))).caseId);
    clock.set('2021-04-14T06:00:00Z');
    await one.engine.sweep();
    accepted(
      await one.house.writePath.execute({
        decider: authorityDecider,
        stream: authorityStream,
        command: {
          type: 'ExtendTerm',
          extension: {
            orderId: 'a2c0fd4d-3c33-5b44-8a39-111111111111' as Uuid,
            orderNo: '17',
            scope: { kind: 'quarterly_reference', periods: [q('2021-Q1')] },
            dueOn: plainDate('2021-05-31'),
            reason: 'quarantine',
          },
        },
        request: personRequest(clock),
        context: (_state, now) => ({ now, zone: 'Asia/Almaty' }),
      }),
    );
    one.engine.policies.start();
    await eventually(async () => (await one.engineStore.pendingOrders()).length === 1);
    await wipeJobs(database.owner);
    await one.engine.startJobs();
    await eventually(async () => (await one.engineStore.pendingOrders()).length === 0);
    for (const caseId of cases) {
      const types = (await one.store.readStream(`case-${caseId}`)).map((fact) => fact.type).slice(-3);
      expect(types).toEqual(['ObligationMissed', 'DeadlineRevised', 'MissRescinded']);
    }
  });
});

async function startWorker(options: Partial<TestProcessOptions>) {
  const files = ['../embedded/testing-run.mjs', 'test-support/worker.ts'].map((name) => path.join(__dirname, name));
  const given = JSON.stringify({ config: database.app, outbox, at: clock.now(), ...options });
  const child = spawn(process.execPath, [...files, given], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
