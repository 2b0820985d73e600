import { onCase, systemRequest } from '#libs/application';
import { caseRefClaim } from '#libs/domain';
import { drawUuid } from '#libs/kernel';
import { otherBin, ownBin, registerOperators, startTestApi, type Answer, type TestApi } from './testing/testing-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
}, 60_000);
afterAll(() => api.close());

const problem = ({ status, body }: Answer) => [
  status,
  String(body?.type).replace('urn:qadaga:problem:', ''),
  body?.errors?.[0]?.pointer,
];
const place = { region: '55', address: 'Екібастұз' };
const own = { operatorBin: ownBin, ...place };

describe('a reference of our own form', () => {
  it.each(['QC-2021-000002', 'qc-2021-7'])('such as %s is given by the system only', async (caseRef) => {
    for (const as of ['operator', 'case-officer', 'registrar'] as const) {
      const opened = await api.ask('POST', '/api/v1/cases', { as, body: { ...own, caseRef } });
      expect(problem(opened)).toEqual([422, 'case-ref-reserved', '/caseRef']);
    }
    const newCase = { ...own, caseRef };
    const filed = await api.ask('POST', '/api/v1/planned-constructions', { body: { newCase } });
    expect(problem(filed)).toEqual([422, 'case-ref-reserved', '/newCase/caseRef']);
  });

  it('is that of one case, claimed in the step that opens it, and documents find that case by it', async () => {
    const filed = await api.ask('POST', '/api/v1/planned-constructions', { body: { newCase: own } });
    const { caseId } = filed.body;
    const { caseRef } = (await api.ask('GET', `/api/v1/cases/${caseId}`, { as: 'auditor' })).body;
    expect(caseRef).toMatch(/^QC-2021-\d{6}$/);
    const claims = await api.opened.store.readStream(caseRefClaim(caseRef));
    expect(claims).toMatchObject([{ type: 'CaseRefClaimed', data: { caseRef, caseId } }]);
    const body = { caseRef, period: '2021-Q1', channel: 'paper', receivedOn: '2021-04-02' };
    const paper = await api.ask('POST', '/api/v1/quarterly-references', { as: 'registrar', body });
    expect(paper).toMatchObject({ status: 201, body: { caseId } });
  });

  it('that two cases carry, from before it was a claim, takes no document until one is merged or the id is given', async () => {
    const as = 'case-officer';
    const { caseId, caseRef } = (await api.ask('POST', '/api/v1/cases', { as, body: own })).body;
    const twinId = drawUuid();
    const opening = { caseId: twinId, caseRef, operatorBin: ownBin, location: place };
    const request = systemRequest('twin', api.clock.now());
    await onCase(api.opened.house, twinId, { type: 'OpenCase', opening }, request);
    await api.settle();
    const paper = { period: '2021-Q1', channel: 'paper', receivedOn: '2021-04-02' };
    const file = (which: object) =>
      api.ask('POST', '/api/v1/quarterly-references', { as: 'registrar', body: { ...paper, ...which } });
    expect(problem(await file({ caseRef }))).toEqual([409, 'case-ref-ambiguous', undefined]);
    expect(await file({ caseId })).toMatchObject({ status: 201 });
    const body = { intoCaseId: caseId, reason: 'twice' };
    expect(await api.ask('POST', `/api/v1/cases/${twinId}/merge`, { as, body })).toMatchObject({ status: 200 });
    await api.settle();
    expect(await file({ caseRef })).toMatchObject({ status: 201, body: { caseId } });
  });

  it('is passed over when somebody could claim it, before the form was reserved', async () => {
    const last = (await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body: own })).body.caseRef as string;
    const ahead = (by: number) => `QC-2021-${String(Number(last.slice(-6)) + by).padStart(6, '0')}`;
    const stream = caseRefClaim(ahead(1));
    const meta = {
      commandId: drawUuid(),
      requestHash: '',
      correlationId: 'x',
      causationId: 'x',
      channel: 'api' as const,
    };
    const actor = { kind: 'person' as const, id: 'x', role: 'operator' as const };
    await api.opened.store.append({
      stream,
      expected: 'none',
      facts: [
        {
          id: drawUuid(),
          type: 'CaseRefClaimed',
          data: { caseRef: ahead(1), caseId: drawUuid() },
          recordedAt: api.clock.now(),
          meta: { ...meta, actor },
        },
      ],
    });
    const next = await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body: own });
    expect(next).toMatchObject({ status: 201, body: { caseRef: ahead(2) } });
  });
});

it('says to an operator no more of a reference than that it cannot be used', async () => {
  const body = { operatorBin: otherBin, ...place, caseRef: 'Z-1' };
  expect(await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body })).toMatchObject({ status: 201 });
  const newCase = { ...own, caseRef: 'Z-1' };
  const told = await api.ask('POST', '/api/v1/planned-constructions', { body: { newCase } });
  expect(problem(told)).toEqual([409, 'case-ref-unusable', '/newCase/caseRef']);
  expect(JSON.stringify(told.body)).not.toMatch(/there is|another|already/);
  const officer = await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body });
  expect(problem(officer)).toEqual([409, 'case-ref-used', '/caseRef']);
});
