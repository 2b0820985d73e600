import { once } from 'node:events';
import type { Uuid } from '#libs/kernel';
import { onNotice } from '#libs/application';
import { noticeDecider, noticeIdOf, noticeStream } from '#libs/domain';
import { eventually } from '../jobs/test-support/arrivals.js';
import { accepted, fileReference, personRequest, registerOperator } from './test-support/test-house.js';
import type { TestProcess, TestProcessOptions } from './test-support/test-process.js';
import { alertsOf, eachInItsOwnWorld, q, sendingsOf, typesOfNotice, untilNotice } from './test-support/test-world.js';

const world = eachInItsOwnWorld();

/** A process at work, and the notice of a reference filed there. */
async function issuing(options: Partial<TestProcessOptions> = {}) {
  const one = world.open(options);
  await registerOperator(one);
  one.engine.policies.start();
  await one.engine.startJobs();
  const { caseId, filingId } = await fileReference(one, q('2020-Q4'));
  return { one, caseId, noticeId: noticeIdOf(filingId, caseId) };
}

/** Tries the delivery again at once instead of after its wait, until the process sees the fact. */
const hasten = (one: TestProcess, noticeId: Uuid, done: (types: readonly string[]) => boolean) =>
  eventually(async () => {
    await one.queue.retry('deliver-notice', `notice-${noticeId}`);
    const types = await typesOfNotice(one.store, noticeId);
    return done(types) && types;
  });

describe('a notice', () => {
  it('is issued for a filing and lies in the inbox, once', async () => {
    const { one, noticeId } = await issuing();
    const types = await untilNotice(one.store, noticeId, 'NoticeSent');
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
    await untilNotice(one.store, noticeId, 'NoticeQueued');
    await one.engine.startJobs();
    await untilNotice(one.store, noticeId, 'NoticeSent');
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
    await untilNotice(one.store, noticeId, 'NoticeSent');
    await eventually(async () => (await one.queue.depth())['deliver-notice'].failed === 0);
  });

  it('is posted again after an error and after silence, under one key, and recorded as delivered once', async () => {
    const answers = [500, 'silence', 200] as const;
    world.energyBody.answer = () => answers[world.energyBody.posts.all.length]!;
    // A lock so long that a busy machine does not take the job away while the energy body is silent.
    const { one, noticeId } = await issuing({ delivery: world.energyBody.push(), lockMs: 15_000 });
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
    world.energyBody.answer = () => 503;
    const { one, caseId, noticeId } = await issuing({ delivery: world.energyBody.push() });
    await untilNotice(one.store, noticeId, 'NoticeDeliveryFailed');

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
    expect((await typesOfNotice(one.store, noticeId)).filter((type) => type === 'NoticeTermBreached')).toHaveLength(1);
  });

  it('is brought before the officers of its case when the energy body refuses it', async () => {
    const { one, caseId, noticeId } = await issuing();
    await untilNotice(one.store, noticeId, 'NoticeSent');
    const tell = async (command: Parameters<typeof onNotice>[2]) =>
      accepted(await onNotice(one.house, noticeId, command, personRequest(world.clock)));
    await tell({ type: 'RefuseNotice', reason: 'not ours' });
    const alerts = async () => (await alertsOf(one.store, caseId)).filter(({ subject }) => subject.kind === 'notice');
    await eventually(async () => (await sendingsOf(one.store, caseId)).length === 2);
    expect(await alerts()).toMatchObject([
      { step: 'refused', subject: { id: noticeId }, audience: ['case-officer', 'senior-officer'] },
    ]);
    expect(await sendingsOf(one.store, caseId)).toMatchObject([
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
      await untilNotice(api.store, noticeId, 'NoticeSent');
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
    const killed = await world.startWorker({ delivery: world.energyBody.push(60_000), lockMs: 1500 });
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
    expect(await typesOfNotice(one.store, noticeId)).not.toContain('NoticeSent');

    const other = world.open({ delivery: world.energyBody.push() });
    await other.engine.startJobs();
    const types = await untilNotice(one.store, noticeId, 'NoticeDelivered');
    expect(types).toEqual(['NoticeIssued', 'NoticeQueued', 'NoticeSent', 'NoticeDelivered']);
    expect(world.energyBody.posts.all.map((post) => post.key)).toEqual([noticeId, noticeId]);
    expect(world.energyBody.taken.size).toBe(1);
  }, 60_000);
});
