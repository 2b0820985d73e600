import { instant, plainDate, type Uuid } from '#libs/kernel';
import { ExtendTerm, ExtendTermHandler, onCase } from '#libs/application';
import { Arrivals, eventually } from '../jobs/test-support/arrivals.js';
import { accepted, bin, fileReference, personRequest, registerOperator, typesOf } from './test-support/test-house.js';
import type { TestProcess } from './test-support/test-process.js';
import { alertsOf, eachInItsOwnWorld, q } from './test-support/test-world.js';

const world = eachInItsOwnWorld();

const remindersOf = async ({ store }: TestProcess, caseId: Uuid) =>
  (await alertsOf(store, caseId)).filter(({ subject }) => subject.kind === 'obligation');

/** Whether all who are to be reminded by the alerts raised so far were. */
async function allReminded(one: TestProcess, caseId: Uuid): Promise<boolean> {
  const sent = (await one.store.readStream(`caseWork-${caseId}`)).filter(({ type }) => type === 'AlertSent');
  const reached = (id: Uuid) => sent.filter(({ data }) => (data as { alertId: Uuid }).alertId === id).length;
  return (await remindersOf(one, caseId)).every(({ alertId, audience }) => reached(alertId) === audience.length);
}

describe('the sweep', () => {
  /** A centre that filed for 2020-Q4 and owes 2021-Q1. */
  async function owing(one: TestProcess): Promise<Uuid> {
    world.clock.set('2021-01-05T06:00:00Z');
    const { caseId } = await fileReference(one, q('2020-Q4'));
    world.clock.set('2021-04-01T06:00:00Z');
    return caseId;
  }
  const steps = async (one: TestProcess, caseId: Uuid) =>
    (await alertsOf(one.store, caseId)).map(({ step, passed }) => ({ step, passed }));

  it('opens the duty of a quarter that ended, and goes up the ladder with the days', async () => {
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    expect(await one.sweep()).toMatchObject({ assessed: 1, alertsRaised: 1, stuckCount: 0 });
    expect(await one.sweep()).toMatchObject({ due: 0, alertsRaised: 0 });
    for (const day of ['2021-04-07', '2021-04-11', '2021-04-13', '2021-04-17', '2021-04-22', '2021-05-12']) {
      world.clock.set(`${day}T06:00:00Z`);
      await one.sweep();
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
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    await one.sweep();
    world.clock.set('2021-04-12T17:59:59Z');
    expect((await one.sweep()).missed).toBe(0);
    world.clock.set('2021-04-18T06:00:00Z');
    expect((await one.sweep()).missed).toBe(1);
    expect((await one.sweep()).missed).toBe(0);
    const missed = (await one.store.readStream(`case-${caseId}`)).filter((fact) => fact.type === 'ObligationMissed');
    expect(missed.map((fact) => fact.data)).toMatchObject([{ dueOn: '2021-04-12', detectedOn: '2021-04-18' }]);
    expect(await steps(one, caseId)).toEqual([
      { step: 'opened', passed: [] },
      { step: 'before-1', passed: ['before-5'] },
      { step: 'overdue-5', passed: ['overdue'] },
    ]);
  });

  async function extend(one: TestProcess, caseId: Uuid, dueOn: string): Promise<void> {
    const scope = { kind: 'quarterly_reference' } as const;
    const extension = { orderNo: dueOn, scope, dueOn: plainDate(dueOn), reason: 'flood' };
    await new ExtendTermHandler(one.house).execute(new ExtendTerm(extension, personRequest(world.clock)));
    accepted(await onCase(one.house, caseId, { type: 'AssessObligations' }, personRequest(world.clock)));
  }

  it('tells nobody twice of a step that holds under the old day and the new, and tells of one that came to lie ahead', async () => {
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    one.engine.policies.start();
    await one.engine.startJobs();
    // The sweep is a job of the engine too, so who of the two raised an alert is no matter.
    const sweptOn = async (day: string) => {
      world.clock.set(`${day}T07:00:00Z`);
      expect((await one.sweep()).stuckCount).toBe(0);
      await eventually(() => allReminded(one, caseId));
    };
    await sweptOn('2021-04-01');
    await sweptOn('2021-05-20');
    await extend(one, caseId, '2021-04-14');
    await sweptOn('2021-05-21');
    await extend(one, caseId, '2021-05-31');
    await sweptOn('2021-05-30');
    await sweptOn('2021-06-01');
    expect((await remindersOf(one, caseId)).map(({ step, dueOn }) => [step, dueOn])).toEqual([
      ['opened', '2021-04-12'],
      ['overdue-30', '2021-04-12'],
      ['before-1', '2021-05-31'],
      ['overdue', '2021-05-31'],
    ]);
  });

  it('goes up the ladder anew when an order gave the duty another day, and never twice in one term', async () => {
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    await one.sweep();
    world.clock.set('2021-04-13T06:00:00Z');
    await one.sweep();
    world.clock.set('2021-04-14T06:00:00Z');
    await extend(one, caseId, '2021-04-26');
    for (const day of ['2021-04-14', '2021-04-22', '2021-04-27', '2021-04-27', '2021-05-02']) {
      world.clock.set(`${day}T07:00:00Z`);
      expect(await one.sweep()).toMatchObject({ stuckCount: 0 });
    }
    const alerts = await alertsOf(one.store, caseId);
    expect(alerts.map(({ step, dueOn, passed }) => [step, dueOn, ...passed])).toEqual([
      ['opened', '2021-04-12'],
      ['overdue', '2021-04-12', 'before-5', 'before-1'],
      ['before-5', '2021-04-26'],
      ['overdue', '2021-04-26', 'before-1'],
      ['overdue-5', '2021-04-26'],
    ]);
    expect(new Set(alerts.map(({ alertId }) => alertId)).size).toBe(5);
  });

  it('never reminds one who has filed', async () => {
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    await one.sweep();
    await fileReference(one, q('2021-Q1'), { caseId });
    world.clock.set('2021-06-30T06:00:00Z');
    expect(await one.sweep()).toMatchObject({ due: 0, alertsRaised: 0, missed: 0 });
  });

  it('sends nothing for what lies before the moment history was imported, and goes on from there', async () => {
    const one = world.open();
    await registerOperator(one);
    world.clock.set('2021-04-08T06:00:00Z');
    const caseId = '5c1c9d2e-6f0e-5a44-9d0b-3f3c5a1b2c3d' as Uuid;
    const imported = { ...personRequest(world.clock), channel: 'import' } as const;
    const opening = { caseId, caseRef: 'KZ-1', operatorBin: bin, location: { region: '55', address: 'Ekibastuz' } };
    const registration = {
      journalNo: 'J-1',
      channel: 'paper',
      receivedAt: instant('2021-01-15T06:00:00Z'),
      receivedOn: plainDate('2021-01-15'),
      precision: 'day',
      registeredOn: plainDate('2021-01-15'),
    } as const;
    const commissionedOn = plainDate('2021-01-10');
    accepted(
      await onCase(
        one.house,
        caseId,
        { type: 'RecordCommissioning', entryId: caseId, registration, location: undefined, commissionedOn, opening },
        imported,
        { historical: true },
      ),
    );
    expect(await one.sweep()).toMatchObject({ alertsRaised: 0, stepsPassed: 2, stuckCount: 0 });
    expect(await one.sweep()).toMatchObject({ due: 0 });
    world.clock.set('2021-04-11T06:00:00Z');
    await one.sweep();
    expect(await steps(one, caseId)).toEqual([{ step: 'before-1', passed: [] }]);
  });

  it('raises one alert per duty and step when two run at once', async () => {
    const one = world.open();
    const two = world.open();
    await registerOperator(one);
    const cases: Uuid[] = [];
    for (let n = 0; n < 12; n++) cases.push(await owing(one));
    const reports = await Promise.all([one.sweep(), two.sweep()]);
    expect(reports[0].alertsRaised + reports[1].alertsRaised).toBe(12);
    world.clock.set('2021-04-13T06:00:00Z');
    await Promise.all([one.sweep(), two.sweep()]);
    for (const caseId of cases)
      expect(await steps(one, caseId)).toEqual([
        { step: 'opened', passed: [] },
        { step: 'overdue', passed: ['before-5', 'before-1'] },
      ]);
    const types = await typesOf(one.store, 'case-');
    expect(types.filter((type) => type === 'ObligationMissed')).toHaveLength(12);
    expect([...one.errors, ...two.errors]).toEqual([]);
  });

  it('is done by one process at a time', async () => {
    const one = world.open();
    const two = world.open();
    await registerOperator(one);
    await owing(one);
    const begun = new Arrivals<void>();
    const goOn = new Arrivals<void>();
    const truth = one.boards.dueCases.bind(one.boards);
    one.boards.dueCases = async (now, limit) => {
      begun.add();
      await goOn.reach(1);
      return truth(now, limit);
    };
    const sweeping = one.engine.sweep();
    await begun.reach(1);
    expect(await two.engine.sweep()).toBeUndefined();
    goOn.add();
    expect(await sweeping).toMatchObject({ alertsRaised: 1 });
    expect(await two.engine.sweep()).toMatchObject({ alertsRaised: 0 });
  });

  it('ends, and names the row, when a board keeps showing what there is nothing to do about', async () => {
    const one = world.open();
    await registerOperator(one);
    const caseId = await owing(one);
    const wrong = { caseId, nextStepAt: instant('2020-01-01T00:00:00Z') };
    const truth = one.boards.dueCases.bind(one.boards);
    one.boards.dueCases = async (now, limit) => [wrong, ...(await truth(now, limit))].slice(0, limit);
    const report = await one.sweep();
    expect(report).toMatchObject({ alertsRaised: 1, complete: true, stuckCount: 1 });
    expect(report.stuck).toMatchObject([{ what: 'case', id: caseId, nextStepAt: wrong.nextStepAt }]);
    expect((await one.engine.status()).lastSweep?.stuckCount).toBe(1);
  });

  it('tells of the last and the next sweep and of the nearest deadline', async () => {
    const one = world.open();
    await registerOperator(one);
    await owing(one);
    await one.engine.startJobs();
    const status = await eventually(async () => {
      const found = await one.engine.status();
      return found.lastSweep !== undefined && found.nearestDeadline !== undefined && found;
    });
    expect(status.nearestDeadline).toEqual({ at: '2021-04-12T18:00:00.000Z', hours: 276 });
    expect(status.lastSweep).toMatchObject({ at: world.clock.now(), stuckCount: 0 });
    expect(status.nextSweepAt).toBeDefined();
    expect(status.queues?.sweep.failed).toBe(0);
  });
});
