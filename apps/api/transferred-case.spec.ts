import { otherBin, ownBin, registerOperators, startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
let caseId: string;
let filingId: string;

/**
 * A centre whose operator filed its plan, has time for 2021-Q1 by order and owes 2021-Q2 since three days; it stopped
 * mining and sold the centre.
 */
beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
  const appeal = {
    newCase: { operatorBin: ownBin, region: '55', address: 'Екібастұз' },
    powerMw: '7.90',
    bankIban: 'KZ86125KZT5004100100',
    bankBic: 'HSBKKZKX',
    designStartOn: '2021-06-01',
  };
  ({ caseId, filingId } = (await api.ask('POST', '/api/v1/planned-constructions', { body: appeal })).body);
  const as = 'case-officer';
  await api.ask('POST', `/api/v1/cases/${caseId}/commissioning`, { as, body: { commissionedOn: '2021-03-01' } });
  await api.settle();
  api.clock.set('2021-07-15T05:00:00Z');
  await api.sweep();
  const scope = { kind: 'quarterly_reference', periods: ['2021-Q1'] };
  const extension = { orderNo: '46', scope, dueOn: '2021-07-20', reason: 'flood' };
  await api.ask('POST', '/api/v1/orders/term-extensions', { as: 'senior-officer', body: extension });
  await api.settle();
  await api.ask('POST', '/api/v1/terminations', { body: { caseId, activityEndedOn: '2021-07-10' } });
  const transfer = { toBin: otherBin, effectiveOn: '2021-07-15', reason: 'sold' };
  await api.ask('POST', `/api/v1/cases/${caseId}/transfer`, { as, body: transfer });
  await api.settle();
}, 60_000);
afterAll(() => api.close());

describe('a filing', () => {
  it('stays with who filed it when the case has passed on: it reads, corrects and proves it, and the new operator only reads', async () => {
    const filing = `/api/v1/filings/${filingId}`;
    const body = { powerMw: '1', reason: 'mistake' };
    expect(await api.ask('POST', `${filing}/corrections`, { as: 'other-operator', body })).toMatchObject({
      status: 403,
      body: { type: 'urn:qadaga:problem:other-filer' },
    });
    expect(
      await api.ask('POST', `${filing}/bank-details/look`, { as: 'other-operator', body: { reason: 'curious' } }),
    ).toMatchObject({ status: 404 });
    const corrected = await api.ask('POST', `${filing}/corrections`, { body });
    expect(corrected.status).toBe(201);
    await api.settle();
    for (const as of ['operator', 'other-operator'] as const) {
      const owned = { status: 200, body: { operatorBin: ownBin } };
      expect(await api.ask('GET', filing, { as })).toMatchObject({ ...owned, body: { powerMw: '1' } });
      for (const document of [filingId, corrected.body.documentId])
        expect(await api.ask('GET', `${filing}/receipt?document=${document}`, { as })).toMatchObject(owned);
    }
    const listed = await api.ask('GET', `/api/v1/filings?caseId=${caseId}`, { as: 'other-operator' });
    expect(listed.body.items.map((one: { filingId: string }) => one.filingId)).toContain(filingId);
  });
});

describe('the transfer of a case', () => {
  it('leaves the duties due before it with who had the case then, who may still file what it owes and nothing else', async () => {
    const duties = async (as: 'operator' | 'other-operator') =>
      (await api.ask('GET', `/api/v1/obligations?caseId=${caseId}&limit=200`, { as })).body.items;
    const own = await duties('operator');
    expect(own.map(({ period }: { period: string }) => period)).toContain('2021-Q2');
    expect(own.every(({ dueOn }: { dueOn: string | null }) => dueOn === null || dueOn < '2021-07-15')).toBe(true);
    expect((await api.ask('GET', `/api/v1/obligations/${own[0].obligationId}/deadline`)).status).toBe(200);
    const others = await duties('other-operator');
    expect(others.every(({ dueOn }: { dueOn: string }) => dueOn >= '2021-07-15')).toBe(true);
    const reference = (period: string) =>
      api.ask('POST', '/api/v1/quarterly-references', { body: { caseId, period, powerMw: '1' } });
    expect(await reference('2021-Q2')).toMatchObject({ status: 201 });
    for (const period of ['2021-Q2', '2021-Q4'])
      expect(await reference(period)).toMatchObject({
        status: 403,
        body: { type: 'urn:qadaga:problem:case-passed-on' },
      });
    expect(
      await api.ask('POST', `/api/v1/filings/${filingId}/withdrawal`, { body: { reason: 'no longer mine' } }),
    ).toMatchObject({ status: 403, body: { type: 'urn:qadaga:problem:withdrawal-by-former' } });
  });
});
