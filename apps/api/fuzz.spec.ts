import { registerOperators, startTestApi, ownBin, otherBin, type TestApi } from './testing/testing-api.js';
import { fuzzApi } from './testing/openapi-fuzzer.js';

const iban = 'KZ86125KZT5004100100';
const count = Number(process.env['API_FUZZ_COUNT'] ?? 10_000);
const seed = Number(process.env['API_FUZZ_SEED'] ?? 384);

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
  const newCase = { operatorBin: ownBin, caseRef: 'DC-1', region: '55', address: 'Екібастұз' };
  const body = { newCase, powerMw: '7.90', bankIban: iban, bankBic: 'HSBKKZKX' };
  await api.ask('POST', '/api/v1/planned-constructions', { body });
  await api.settle();
  await api.app.listen(0, '127.0.0.1');
}, 60_000);
afterAll(() => api.close());

describe('the API under anything at all', () => {
  it('answers every route with what it describes or with a problem document, and lets nothing out', async () => {
    const { port } = api.app.getHttpServer().address() as { port: number };
    const items = async (url: string) =>
      (await api.ask('GET', url, { as: 'auditor' })).body.items as { [id: string]: string }[];
    // Keys that nothing is asked with: they may be revoked and bound.
    const spare = await Promise.all(
      ['operator', 'operator', 'auditor', 'administrator'].map(async (role) => {
        const body = { role, label: 'spare' };
        return (await api.ask('POST', '/api/v1/api-keys', { as: 'administrator', body })).body as { keyId: string };
      }),
    );
    const ids = async (url: string, name: string) => (await items(url)).map((one) => one[name]!);
    const result = await fuzzApi({
      baseUrl: `http://127.0.0.1:${port}`,
      keys: api.keys,
      count,
      seed,
      secrets: ['office@qadaga.kz'],
      known: {
        bin: [ownBin, otherBin],
        operatorBin: [ownBin, otherBin],
        toBin: [ownBin, otherBin],
        calendarId: ['kz'],
        ruleSetId: ['kz-384-open', 'kz-384-2020'],
        region: ['55', '11', '75'],
        caseId: await ids('/api/v1/cases', 'caseId'),
        filingId: await ids('/api/v1/filings', 'filingId'),
        obligationId: await ids('/api/v1/obligations', 'obligationId'),
        noticeId: await ids('/api/v1/notices', 'noticeId'),
        keyId: spare.map(({ keyId }) => keyId),
      },
    });
    expect(result.findings.slice(0, 5)).toEqual([]);
    expect(result.requests).toBeGreaterThanOrEqual(count);
    const described = Object.entries(api.openApi.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(result.routes).toEqual(described.sort());
    // A fuzzer that is refused everywhere proves little.
    const never = described.filter((route) => !result.succeeded.includes(route));
    for (const route of ['POST /api/v1/api-keys', 'POST /api/v1/api-keys/{keyId}/revocation'])
      expect(never).not.toContain(route);
    if (process.env['API_FUZZ_COUNT']) console.log(result.byStatus, never);
    expect(result.succeeded.length).toBeGreaterThan(described.length / 2);
  }, 240_000);

  it('is whole afterwards', async () => {
    await api.settle();
    const { body } = await api.ask('GET', '/api/v1/system', { as: 'administrator' });
    expect(body).toMatchObject({ parked: 0 });
    for (const key of Object.values(api.keys)) expect(await api.opened.identity.authenticate(key)).toBeDefined();
  }, 60_000);
});
