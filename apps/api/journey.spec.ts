import { startTestApi, ownBin, type TestApi } from './testing/testing-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
}, 60_000);
afterAll(() => api.close());

const operator = { bin: ownBin, name: '«Қадаға Дата» ЖШС', language: 'kk', contacts: { emails: ['office@qadaga.kz'] } };
const place = { region: '55', address: 'Екібастұз қ., Энергетиктер көшесі, 12' };

describe('a filing, from the registration of its operator to the acknowledgement of its notice', () => {
  let caseId: string;
  let filingId: string;

  it('lets an operator register itself', async () => {
    const done = await api.ask('POST', '/api/v1/operators', { body: operator });
    expect(done).toMatchObject({ status: 201, body: { bin: ownBin } });
    expect(done.headers['qadaga-position']).toEqual(expect.any(String));
    const seen = await api.ask('GET', `/api/v1/operators/${ownBin}`);
    expect(seen).toMatchObject({ status: 200, body: { bin: ownBin, name: operator.name, hasContacts: true } });
  });

  it('files planned construction and opens the case with it', async () => {
    const body = {
      newCase: { operatorBin: ownBin, ...place },
      powerMw: '7.90',
      equipmentInvestmentKzt: '125000000',
      bankIban: 'KZ86125KZT5004100100',
      bankBic: 'HSBKKZKX',
      designStartOn: '2021-06-01',
    };
    const done = await api.ask('POST', '/api/v1/planned-constructions', { body });
    expect(done).toMatchObject({
      status: 201,
      body: { kind: 'planned_construction', missing: ['expansionMw'], flags: [] },
    });
    expect(done.headers['etag']).toBe(`"${done.body.filingId}"`);
    expect(JSON.stringify(done.body)).not.toContain('KZ86');
    ({ caseId, filingId } = done.body);
    const seen = await api.ask('GET', `/api/v1/filings/${filingId}`, {
      headers: { 'qadaga-position': String(done.headers['qadaga-position']) },
    });
    expect(seen).toMatchObject({ status: 200, body: { powerMw: '7.90', bankOnFile: true, missing: ['expansionMw'] } });
  });

  it('gives a receipt', async () => {
    const { status, body } = await api.ask('GET', `/api/v1/filings/${filingId}/receipt`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ act: 'filing', bank: { salt: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  });

  it('health', async () => {
    const { status, body } = await api.ask('GET', `/health/ready`, { as: 'nobody' });
    expect({ status, body }).toEqual({ status: 200, body: { status: 'ok', checks: [] } });
    console.log(caseId);
  });
});
