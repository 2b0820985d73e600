import type { ClientRole } from '#libs/identity';
import { otherBin, startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
let caseId: string;
let filingId: string;
let noticeId: string;
let officer: string;

const place = { region: '55', address: 'Екібастұз' };
const items = async (url: string, as: ClientRole) => (await api.ask('GET', url, { as })).body.items;

/** An operator without contacts, whose centre owes 2021-Q1 since three days. */
beforeAll(async () => {
  api = await startTestApi();
  const as = 'other-operator';
  await api.ask('POST', '/api/v1/operators', { as, body: { bin: otherBin, name: 'Б', language: 'kk' } });
  const body = { newCase: { operatorBin: otherBin, ...place }, period: '2020-Q4', powerMw: '5' };
  ({ caseId, filingId } = (await api.ask('POST', '/api/v1/quarterly-references', { as, body })).body);
  const officers = await items('/api/v1/officers', 'registrar');
  officer = officers.find(({ role }: { role: string }) => role === 'case-officer').accountId;
  await api.ask('POST', `/api/v1/cases/${caseId}/assignment`, { as: 'case-officer', body: { assignee: officer } });
  await api.settle();
  [{ noticeId }] = await items(`/api/v1/notices?caseId=${caseId}`, 'case-officer');
  api.clock.set('2021-04-15T05:00:00Z');
  await api.sweep();
  await api.settle();
}, 60_000);
afterAll(() => api.close());

describe('the letter list', () => {
  const awaited = '/api/v1/alerts?letter=awaited';

  it('holds who still owes and cannot be mailed, until a registrar has written', async () => {
    const list = await items(awaited, 'registrar');
    expect(list).toMatchObject([
      { caseId, step: 'overdue', letter: 'awaited', sendings: [{ channel: 'letter-list' }] },
    ]);
    const letter = `/api/v1/alerts/${list[0].alertId}/letter`;
    expect(await api.ask('POST', letter, { as: 'registrar', body: { postedOn: '2021-04-16' } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/postedOn', code: 'in-future' }] },
    });
    const body = { postedOn: '2021-04-15', number: '7-15/204' };
    expect((await api.ask('POST', letter, { as: 'registrar', body })).status).toBe(200);
    await api.settle();
    expect(await items(awaited, 'registrar')).toEqual([]);
    expect(await items('/api/v1/alerts?letter=posted', 'auditor')).toMatchObject([
      { letterPostedOn: '2021-04-15', letterNumber: '7-15/204' },
    ]);
    expect(await api.ask('POST', letter, { as: 'registrar', body })).toMatchObject({
      status: 409,
      body: { type: 'urn:qadaga:problem:letter-recorded' },
    });
  });

  async function on(day: string) {
    api.clock.set(`${day}T05:00:00Z`);
    await api.sweep();
    await api.settle();
  }

  it('asks for one letter a duty, the newest alert’s, also once that one was posted', async () => {
    await on('2021-04-18');
    const [overtaken] = await items(awaited, 'registrar');
    expect(overtaken).toMatchObject({ step: 'overdue-5' });
    await on('2021-04-23');
    const list = await items(awaited, 'registrar');
    expect(list.map(({ step }: { step: string }) => step)).toEqual(['overdue-10']);
    const body = { postedOn: '2021-04-23' };
    const letter = (alertId: string) => api.ask('POST', `/api/v1/alerts/${alertId}/letter`, { as: 'registrar', body });
    expect((await letter(list[0].alertId)).status).toBe(200);
    await api.settle();
    expect(await items(awaited, 'registrar')).toEqual([]);
    // One that was written all the same is recorded.
    expect((await letter(overtaken.alertId)).status).toBe(200);
    await api.settle();
    expect(await items('/api/v1/alerts?letter=posted', 'registrar')).toHaveLength(3);
  });

  it('forgets who has filed since', async () => {
    await on('2021-05-13');
    expect(await items(awaited, 'registrar')).toMatchObject([{ step: 'overdue-30' }]);
    const body = { caseId, period: '2021-Q1', powerMw: '5' };
    await api.ask('POST', '/api/v1/quarterly-references', { as: 'other-operator', body });
    await api.settle();
    expect(await items(awaited, 'registrar')).toEqual([]);
  });
});

describe('what has not happened yet', () => {
  it.each([
    ['terminations', 'other-operator', { activityEndedOn: '2027-12-31' }, '/activityEndedOn'],
    ['cases/:case/commissioning', 'case-officer', { commissionedOn: '2027-03-01' }, '/commissionedOn'],
    ['operators/:bin/termination', 'other-operator', { activityEndedOn: '2027-12-31' }, '/activityEndedOn'],
  ] as const)('is not filed: %s', async (path, as, body, pointer) => {
    const url = `/api/v1/${path.replace(':case', caseId).replace(':bin', otherBin)}`;
    const whole = path === 'terminations' ? { caseId, ...body } : body;
    expect(await api.ask('POST', url, { as, body: whole })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer, code: 'in-future' }] },
    });
  });
});

describe('a notice in the hands of officers', () => {
  const as = 'case-officer';
  const issue = (body: object) => api.ask('POST', `/api/v1/filings/${filingId}/notice`, { as, body });

  it('is issued once, and only for what the energy body is to be told of', async () => {
    expect(await issue({})).toMatchObject({
      status: 200,
      body: { noticeId, number: expect.stringMatching(/^QN-2021-/) },
    });
    expect(await issue({ document: caseId })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/document', code: 'unknown' }] },
    });
    const correction = { jobs: 3, reason: 'forgotten' };
    const { body } = await api.ask('POST', `/api/v1/filings/${filingId}/corrections`, {
      as: 'other-operator',
      body: correction,
    });
    expect(await issue({ document: body.versionId })).toMatchObject({
      status: 409,
      body: { type: 'urn:qadaga:problem:notice-not-needed' },
    });
  });

  it('stays the one of its filing when the case is merged into another, also for a correction that comes then', async () => {
    const reference = (period: string) =>
      api.ask('POST', '/api/v1/quarterly-references', {
        as: 'other-operator',
        body: { newCase: { operatorBin: otherBin, ...place }, period, powerMw: '2' },
      });
    const { body: twin } = await reference('2020-Q4');
    await api.settle();
    const [before] = await items(`/api/v1/notices?caseId=${twin.caseId}`, as);
    const merge = { as, body: { intoCaseId: caseId, reason: 'entered twice' } } as const;
    expect((await api.ask('POST', `/api/v1/cases/${twin.caseId}/merge`, merge)).status).toBe(200);
    expect(await api.ask('POST', `/api/v1/filings/${twin.filingId}/notice`, { as, body: {} })).toMatchObject({
      status: 200,
      body: { noticeId: before.noticeId, number: before.number },
    });
    const body = { powerMw: '3', reason: 'typing mistake' };
    await api.ask('POST', `/api/v1/filings/${twin.filingId}/corrections`, { as: 'other-operator', body });
    await api.settle();
    const about = (await items('/api/v1/notices?limit=200', as)).filter(
      (one: { filingId: string }) => one.filingId === twin.filingId,
    );
    expect(about).toHaveLength(2);
    const [correction] = about.filter((one: { noticeId: string }) => one.noticeId !== before.noticeId);
    expect(correction).toMatchObject({ supersedes: before.noticeId, powerMw: '3' });
    expect(about.find((one: { noticeId: string }) => one.noticeId === before.noticeId)).toMatchObject({
      supersededBy: correction.noticeId,
    });
  });

  it('is brought by hand as a last resort, once', async () => {
    const delivery = `/api/v1/notices/${noticeId}/delivery`;
    const body = { means: 'Printed, by courier', deliveredAt: '2021-04-17T10:00:00+06:00' };
    expect((await api.ask('POST', delivery, { as, body })).status).toBe(200);
    await api.settle();
    expect(await api.ask('GET', `/api/v1/notices/${noticeId}`, { as })).toMatchObject({
      body: { situation: 'delivered', channel: 'by-hand', deliveredAt: '2021-04-17T04:00:00.000Z' },
    });
    expect(await api.ask('POST', delivery, { as, body })).toMatchObject({ status: 409 });
    const history = await items(`/api/v1/cases/${caseId}/timeline?limit=200`, 'auditor');
    expect(history.find(({ type }: { type: string }) => type === 'NoticeDelivered').summary).toMatchObject({
      means: 'Printed, by courier',
    });
  });

  it('comes back to who has the case when it is refused, who is told so once', async () => {
    const refusal = { as: 'energy-body', body: { reason: 'not ours' } } as const;
    expect((await api.ask('POST', `/api/v1/notices/${noticeId}/refusal`, refusal)).status).toBe(200);
    await api.settle();
    await api.settle();
    expect(await items(`/api/v1/alerts?subjectId=${noticeId}`, as)).toMatchObject([
      { step: 'refused', situation: 'sent', audience: ['case-officer', 'senior-officer'], assignee: officer },
    ]);
    expect(await items(`/api/v1/alerts?assignee=${officer}&subjectKind=notice`, as)).toHaveLength(1);
    expect(await items(`/api/v1/alerts?subjectId=${noticeId}`, 'operator')).toEqual([]);
  });
});

describe('a letter nobody wrote before the day was moved', () => {
  it('is asked for again by what still holds', async () => {
    const steps = async () =>
      (await items(`/api/v1/alerts?letter=awaited&caseId=${caseId}`, 'registrar')).map(
        ({ step }: { step: string }) => step,
      );
    for (const [day, step] of [
      ['2021-07-01', 'opened'],
      ['2021-07-08', 'before-5'],
    ]) {
      api.clock.set(`${day}T05:00:00Z`);
      await api.sweep();
      await api.settle();
      expect(await steps()).toEqual([step]);
    }
    const body = {
      orderNo: '5',
      scope: { kind: 'quarterly_reference', periods: ['2021-Q2'] },
      dueOn: '2021-08-10',
      reason: 'flood',
    };
    expect((await api.ask('POST', '/api/v1/orders/term-extensions', { as: 'senior-officer', body })).status).toBe(201);
    await api.settle();
    expect(await steps()).toEqual(['opened']);
  });
});

describe('an extension of a term', () => {
  it('holds for duties that open later, which its dry run cannot list and says so', async () => {
    const url = '/api/v1/orders/term-extensions';
    const scope = { kind: 'quarterly_reference', periods: ['2021-Q3'] };
    const given = {
      as: 'senior-officer',
      body: { orderNo: '6', scope, dueOn: '2021-11-10', reason: 'flood' },
    } as const;
    expect((await api.ask('POST', `${url}?dryRun=true`, given)).body.effects).toEqual([]);
    expect((await api.ask('POST', url, given)).status).toBe(201);
    api.clock.set('2021-10-01T05:00:00Z');
    await api.sweep();
    await api.settle();
    expect(await items(`/api/v1/obligations?caseId=${caseId}&period=2021-Q3`, 'case-officer')).toMatchObject([
      { dueOn: '2021-11-10' },
    ]);
    expect(api.openApi.paths[url]).toMatchObject({
      post: { description: expect.stringContaining('that open later get the new day as well') },
    });
  });
});
