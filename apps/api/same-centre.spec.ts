import { drawUuid } from '#libs/kernel';
import {
  otherBin,
  ownBin,
  registerOperators,
  startTestApi,
  type AskOptions,
  type TestApi,
} from './testing/testing-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
}, 60_000);
afterAll(() => api.close());

const appeal = async (address: string, { region = '55', operatorBin = ownBin, ...options }: Opening = {}) => {
  const body = { newCase: { operatorBin, region, address } };
  const answer = await api.ask('POST', '/api/v1/planned-constructions', { ...options, body });
  await api.settle();
  expect(answer.status).toBe(201);
  return answer.body as { caseId: string; filingId: string; flags: string[] };
};
type Opening = Pick<AskOptions, 'as' | 'key'> & { readonly region?: string; readonly operatorBin?: string };

it('flags a filing that opens a second case of the same centre, however its address is typed, and a repeat says the same', async () => {
  const key = drawUuid();
  const first = await appeal('Екібастұз қ., Энергетиктер көшесі, 12', { key });
  expect(first.flags).toEqual([]);
  const twin = await appeal('ЕКІБАСТҰЗ Қ. Энергетиктер  көшесі 12');
  expect(twin).toMatchObject({ flags: ['same-centre'] });
  expect(twin.caseId).not.toBe(first.caseId);
  expect(await appeal('Екібастұз қ., Энергетиктер көшесі, 12', { key })).toEqual(first);
  const found = await api.ask('GET', '/api/v1/filings?flag=same-centre', { as: 'case-officer' });
  expect(found.body.items).toMatchObject([{ filingId: twin.filingId }]);
  const reference = { caseId: twin.caseId, period: '2021-Q1' };
  expect((await api.ask('POST', '/api/v1/quarterly-references', { body: reference })).body.flags).toEqual([]);
});

it('flags no other place, region or operator, and none whose case is closed or merged', async () => {
  const theirs = { as: 'other-operator', operatorBin: otherBin } as const;
  const { caseId } = await appeal('Павлодар, 1');
  for (const other of [appeal('Павлодар, 11'), appeal('Павлодар, 1', { region: '75' }), appeal('Павлодар, 1', theirs)])
    expect(await other).toMatchObject({ flags: [] });
  const as = 'case-officer';
  const twin = await appeal('Павлодар, 1');
  expect(twin.flags).toEqual(['same-centre']);
  const body = { intoCaseId: caseId, reason: 'twice' };
  expect(await api.ask('POST', `/api/v1/cases/${twin.caseId}/merge`, { as, body })).toMatchObject({ status: 200 });
  const closed = await api.ask('POST', `/api/v1/cases/${caseId}/close`, { as, body: { reason: 'never built' } });
  expect(closed.status).toBe(200);
  await api.settle();
  expect(await appeal('Павлодар, 1')).toMatchObject({ flags: [] });
});
