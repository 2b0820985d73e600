import { plainDate, type Uuid } from '#libs/kernel';
import { authorityDecider, authorityStream, caseStream, noticeIdOf } from '#libs/domain';
import { eventually } from '../jobs/test-support/arrivals.js';
import { wipeJobs } from '../jobs/test-support/wipe-jobs.js';
import { accepted, fileReference, personRequest, registerOperator, typesOf } from './test-support/test-house.js';
import { eachInItsOwnWorld, q, untilNotice } from './test-support/test-world.js';

const world = eachInItsOwnWorld();

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
    const one = world.open({ delivery: world.energyBody.push(), keeperSeconds: 0.2 });
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
      await untilNotice(one.store, noticeIdOf(filingId, caseId), 'NoticeDeliveryFailed');
    world.energyBody.answer = () => 200;
    await wipeJobs(world.database.owner);
    for (const { caseId, filingId } of filed)
      await untilNotice(one.store, noticeIdOf(filingId, caseId), 'NoticeDelivered');
    await eventually(async () => (await one.queue.nextRun('sweep')) !== undefined);
    expect(world.energyBody.taken.size).toBe(3);
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
