import { once } from 'node:events';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { plainDate, type Uuid } from '#libs/kernel';
import {
  authorityDecider,
  authorityStream,
  caseStream,
  caseWorkStream,
  noticeDecider,
  noticeIdOf,
  noticeStream,
} from '#libs/domain';
import { onNotice } from '#libs/application';
import type { EventStore } from '#libs/event-store';
import { eventually } from '../jobs/test-support/arrivals.js';
import { wipeJobs } from '../jobs/test-support/wipe-jobs.js';
import { RecipientsRefusedError, type Mail } from './outbox.js';
import { accepted, fileReference, personRequest, registerOperator, typesOf } from './test-support/test-house.js';
import type { TestProcess } from './test-support/test-process.js';
import { alertsOf, eachInItsOwnWorld, q } from './test-support/test-world.js';

const world = eachInItsOwnWorld();
const push = (timeoutMs = 2000) => ({ channel: 'push', url: world.energyBody.url, timeoutMs }) as const;
const noticeTypes = (store: EventStore, noticeId: Uuid) => typesOf(store, noticeStream(noticeId));
const untilTypes = (store: EventStore, noticeId: Uuid, type: string) =>
  eventually(async () => {
    const types = await noticeTypes(store, noticeId);
    return types.includes(type) && types;
  });
/** Tries the delivery again at once instead of after its wait, until the process sees the fact. */
const hasten = (one: TestProcess, noticeId: Uuid, done: (types: readonly string[]) => boolean) =>
  eventually(async () => {
    await one.queue.retry('deliver-notice', `notice-${noticeId}`);
    const types = await noticeTypes(one.store, noticeId);
    return done(types) && types;
  });

const sendings = async (store: EventStore, caseId: Uuid) =>
  (await store.readStream(caseWorkStream(caseId)))
    .filter((fact) => /^Alert(Sent|Cancelled|Failed)$/.test(fact.type))
    .map((fact) => ({ type: fact.type, ...(fact.data as { channel?: string; audience?: string }) }));

describe('a notice', () => {
  it('is issued for a filing and lies in the inbox, once', async () => {
    const one = world.open();
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    const types = await untilTypes(one.store, noticeId, 'NoticeSent');
    expect(types).toEqual(['NoticeIssued', 'NoticeQueued', 'NoticeSent']);
    expect(one.errors).toEqual([]);
  });

  it('leaves also through a process that looked for it before there was one', async () => {
    const [one, other] = [world.open(), world.open()];
    await registerOperator(one);
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    const { state } = await one.house.writePath.load(noticeStream(noticeId), noticeDecider);
    expect(state.situation).toBe('none');
    other.engine.policies.start();
    await untilTypes(one.store, noticeId, 'NoticeQueued');
    await one.engine.startJobs();
    await untilTypes(one.store, noticeId, 'NoticeSent');
    expect(one.errors).toEqual([]);
  });

  it('leaves though its job was given up before', async () => {
    const one = world.open({ keeperSeconds: 0.2 });
    await registerOperator(one);
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await one.queue.enqueue('deliver-notice', { noticeIds: [noticeId] }, { jobId: `notice-${noticeId}` });
    await one.engine.startJobs();
    await eventually(async () => (await one.queue.depth())['deliver-notice'].failed === 1);
    one.engine.policies.start();
    await untilTypes(one.store, noticeId, 'NoticeSent');
    await eventually(async () => (await one.queue.depth())['deliver-notice'].failed === 0);
  });

  it('is posted again after an error and after silence, under one key, and recorded as delivered once', async () => {
    // A lock so long that a busy machine does not take the job away while the energy body is silent.
    const one = world.open({ delivery: push(2000), lockMs: 15_000 });
    const answers = [500, 'silence', 200] as const;
    world.energyBody.answer = () => answers[world.energyBody.posts.all.length]!;
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
    expect(world.energyBody.posts.all.map((post) => post.key)).toEqual([noticeId, noticeId, noticeId]);
    const failures = (await one.store.readStream(noticeStream(noticeId)))
      .filter((fact) => fact.type === 'NoticeDeliveryFailed')
      .map((fact) => (fact.data as { attempt: number; reason: string }).reason);
    expect(failures).toEqual(['their system answered 500', 'their system did not answer within 2 s']);
  });

  it('is alerted, breached and still delivered past its deadline', async () => {
    const one = world.open({ delivery: push() });
    world.energyBody.answer = () => 503;
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await untilTypes(one.store, noticeId, 'NoticeDeliveryFailed');

    world.clock.set('2021-01-06T07:00:00Z');
    await one.sweep();
    world.clock.set('2021-01-12T07:00:00Z');
    const report = await one.sweep();
    expect(report).toMatchObject({ breaches: 1, stuckCount: 0, complete: true });
    const alerts = (await alertsOf(one.store, caseId)).filter(({ subject }) => subject.kind === 'notice');
    expect(alerts.map(({ step, passed, audience }) => ({ step, passed, audience }))).toEqual([
      { step: '24h', passed: [], audience: ['case-officer'] },
      { step: 'breach', passed: ['72h', '96h', 'nominal-due'], audience: ['case-officer', 'senior-officer'] },
    ]);

    world.energyBody.answer = () => 200;
    await hasten(one, noticeId, (all) => all.includes('NoticeDelivered'));
    const sent = (await one.store.readStream(noticeStream(noticeId))).find((fact) => fact.type === 'NoticeSent')!;
    expect(sent.data).toMatchObject({ channel: 'push', inTime: false });
    expect((await noticeTypes(one.store, noticeId)).filter((type) => type === 'NoticeTermBreached')).toHaveLength(1);
  });

  it('is brought before the officers of its case when the energy body refuses it', async () => {
    const one = world.open();
    await registerOperator(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await untilTypes(one.store, noticeId, 'NoticeSent');
    const tell = async (command: Parameters<typeof onNotice>[2]) =>
      accepted(await onNotice(one.house, noticeId, command, personRequest(world.clock)));
    await tell({ type: 'RefuseNotice', reason: 'not ours' });
    const alerts = async () => (await alertsOf(one.store, caseId)).filter(({ subject }) => subject.kind === 'notice');
    await eventually(async () => (await sendings(one.store, caseId)).length === 2);
    expect(await alerts()).toMatchObject([
      { step: 'refused', subject: { id: noticeId }, audience: ['case-officer', 'senior-officer'] },
    ]);
    expect(await sendings(one.store, caseId)).toMatchObject([
      { type: 'AlertSent', channel: 'register', audience: 'case-officer' },
      { type: 'AlertSent', channel: 'register', audience: 'senior-officer' },
    ]);
  });

  it('is brought before them whichever process the refusal was told, and by the sweep when no policy saw it', async () => {
    const worker = world.open();
    const api = world.open();
    await registerOperator(api);
    worker.engine.policies.start();
    await worker.engine.startJobs();
    const refused = async (period: string) => {
      const { caseId, filingId } = await fileReference(api, q(period));
      const noticeId = noticeIdOf(filingId, caseId);
      await untilTypes(api.store, noticeId, 'NoticeSent');
      return { caseId, noticeId };
    };
    const refuse = async (noticeId: Uuid) =>
      accepted(await onNotice(api.house, noticeId, { type: 'RefuseNotice', reason: 'no' }, personRequest(world.clock)));
    const steps = async (caseId: Uuid) =>
      (await alertsOf(api.store, caseId)).flatMap(({ step }) => (step === 'refused' ? [step] : []));
    const first = await refused('2020-Q4');
    await refuse(first.noticeId);
    await eventually(async () => (await steps(first.caseId)).length === 1);

    const second = await refused('2020-Q4');
    await worker.engine.stop();
    await refuse(second.noticeId);
    await api.sweep();
    await api.sweep();
    expect(await steps(second.caseId)).toEqual(['refused']);
    expect(await steps(first.caseId)).toEqual(['refused']);
  });

  it('has one effect when its worker is killed between the post and the record', async () => {
    const one = world.open();
    await registerOperator(one);
    one.engine.policies.start();
    const killed = await world.startWorker({ delivery: push(60_000), lockMs: 1500 });
    let kill = true;
    world.energyBody.answer = async () => {
      if (!kill) return 200;
      kill = false;
      killed.kill('SIGKILL');
      await once(killed, 'exit');
      return 200;
    };
    const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
    const noticeId = noticeIdOf(filingId, caseId);
    await world.energyBody.posts.reach(1);
    expect(await noticeTypes(one.store, noticeId)).not.toContain('NoticeSent');

    const other = world.open({ delivery: push() });
    await other.engine.startJobs();
    const types = await untilTypes(one.store, noticeId, 'NoticeDelivered');
    expect(types).toEqual(['NoticeIssued', 'NoticeQueued', 'NoticeSent', 'NoticeDelivered']);
    expect(world.energyBody.posts.all.map((post) => post.key)).toEqual([noticeId, noticeId]);
    expect(world.energyBody.taken.size).toBe(1);
  }, 60_000);
});

describe('a clock that is wrong', () => {
  it('is not judged by', async () => {
    const wrong = async () => {
      throw new Error('our clock is 86400000 ms off');
    };
    const [one, other] = [world.open({ checkClock: wrong }), world.open()];
    await registerOperator(one);
    const { caseId } = await fileReference(one, q('2020-Q4'));
    world.clock.set('2021-04-13T06:00:00Z');
    await expect(one.engine.sweep()).rejects.toThrow('our clock');
    const missed = async () =>
      (await typesOf(one.store, caseStream(caseId))).filter((type) => type === 'ObligationMissed');
    expect(await missed()).toEqual([]);
    await other.sweep();
    expect(await missed()).toHaveLength(1);
  });
});

describe('a queue that was wiped', () => {
  it('is filled again with all that is owed, while everything runs', async () => {
    const one = world.open({ delivery: push(), keeperSeconds: 0.2 });
    world.energyBody.answer = () => 503;
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
    world.energyBody.answer = () => 200;
    await wipeJobs(world.database.owner);
    for (const { caseId, filingId } of filed)
      await untilTypes(one.store, noticeIdOf(filingId, caseId), 'NoticeDelivered');
    await eventually(async () => (await one.queue.nextRun('sweep')) !== undefined);
    expect(world.energyBody.taken.size).toBe(3);
  });
});

describe('an alert', () => {
  async function reminded(one: TestProcess, at = '2021-04-13T06:00:00Z'): Promise<Uuid> {
    const { caseId } = await fileReference(one, q('2020-Q4'));
    world.clock.set(at);
    await one.sweep();
    return caseId;
  }
  const untilSent = (store: EventStore, caseId: Uuid) =>
    eventually(async () => {
      const all = await sendings(store, caseId);
      return all.length > 0 && all;
    });

  it('goes to the operator as one private mail file in its language', async () => {
    const one = world.open();
    await registerOperator(one, { emails: ['filings@example.kz'] }, 'ru');
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertSent', channel: 'mail' }]);
    const folder = path.join(world.outbox, 'mail');
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

  it.each([
    ['2021-04-07', '2021-04-08', /: осталось 4 дня \(/, 'Осталось дней: 4'],
    ['2021-04-11', '2021-04-12', /: сегодня последний день \(/, 'Сегодня последний день срока.'],
    ['2021-04-11', '2021-04-13', /истёк 1 день назад \(/, 'Дней просрочки: 1'],
    ['2021-05-12', '2021-07-06', /истёк 85 дней назад \(/, 'Дней просрочки: 85'],
  ])('raised on %s and sent on %s has a subject that agrees with its text', async (raisedOn, sentOn, subject, line) => {
    const mails: Mail[] = [];
    const put = async (mail: Mail) => void mails.push(mail);
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] }, 'ru');
    await reminded(one, `${raisedOn}T06:00:00Z`);
    world.clock.set(`${sentOn}T06:00:00Z`);
    await one.engine.startJobs();
    const [mail] = await eventually(async () => mails.length > 0 && mails);
    expect(mail!.subject).toMatch(subject);
    expect(mail!.text.split('\n')).toContain(line);
    expect(mail!.text).toMatch(/^Правовое основание: .*384\/НҚ.*, пункт 4$/m);
  });

  it('says once why it cannot be mailed, and tells the others meanwhile', async () => {
    let tries = 0;
    const put = async () => {
      tries++;
      throw Object.assign(new Error('no'), { code: 'ECONNREFUSED' });
    };
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one, '2021-05-20T06:00:00Z');
    await one.engine.startJobs();
    const [alert] = await alertsOf(one.store, caseId);
    expect(alert!.audience).toEqual(['operator', 'senior-officer']);
    await eventually(async () => {
      await one.queue.retry('send-alert', `alert-${alert!.alertId}`);
      return tries >= 3;
    });
    expect(await sendings(one.store, caseId)).toEqual([
      expect.objectContaining({ type: 'AlertFailed', audience: 'operator' }),
      expect.objectContaining({ type: 'AlertSent', channel: 'register', audience: 'senior-officer' }),
    ]);
  });

  it('goes to the letter list when the mail server knows none of the addresses', async () => {
    const put = async () => {
      throw new RecipientsRefusedError('none');
    };
    const one = world.open({ mail: { put } });
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one, '2021-05-20T06:00:00Z');
    await one.engine.startJobs();
    await eventually(async () => (await sendings(one.store, caseId)).length === 3);
    expect(await sendings(one.store, caseId)).toMatchObject([
      { type: 'AlertFailed', audience: 'operator' },
      { type: 'AlertSent', audience: 'operator', channel: 'letter-list' },
      { type: 'AlertSent', audience: 'senior-officer', channel: 'register' },
    ]);
  });

  it('goes to the letter list without a mail address', async () => {
    const one = world.open();
    await registerOperator(one, null);
    const caseId = await reminded(one);
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([
      { type: 'AlertSent', channel: 'letter-list', audience: 'operator' },
    ]);
  });

  it('is cancelled when the duty was kept before it was sent', async () => {
    const one = world.open();
    await registerOperator(one, { emails: ['filings@example.kz'] });
    const caseId = await reminded(one);
    await fileReference(one, q('2021-Q1'), { caseId });
    await one.engine.startJobs();
    expect(await untilSent(one.store, caseId)).toMatchObject([{ type: 'AlertCancelled' }]);
    expect(readdirSync(world.outbox)).toEqual([]);
  });
});

describe('an order of the authority', () => {
  it('is followed into every case it reaches, also by who comes later to a broken off job', async () => {
    const one = world.open();
    await registerOperator(one);
    const cases: Uuid[] = [];
    for (let n = 0; n < 3; n++) cases.push((await fileReference(one, q('2020-Q4'))).caseId);
    world.clock.set('2021-04-14T06:00:00Z');
    await one.sweep();
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
        request: personRequest(world.clock),
        context: (_state, now) => ({ now, zone: 'Asia/Almaty' }),
      }),
    );
    one.engine.policies.start();
    await eventually(async () => (await one.engineStore.pendingOrders()).length === 1);
    await wipeJobs(world.database.owner);
    await one.engine.startJobs();
    await eventually(async () => (await one.engineStore.pendingOrders()).length === 0);
    for (const caseId of cases) {
      const types = (await one.store.readStream(`case-${caseId}`)).map((fact) => fact.type).slice(-3);
      expect(types).toEqual(['ObligationMissed', 'DeadlineRevised', 'MissRescinded']);
    }
  });
});
