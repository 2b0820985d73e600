import { drawUuid } from '#libs/kernel';
import { ownBin, startTestApi, type TestApi } from '../../apps/api/testing/testing-api.js';
import { realServerUrl } from '../../libs/event-store/kurrentdb/testing.js';
import { startKurrentDouble, type KurrentDouble } from '../../libs/event-store/test-support/kurrentdb-double/index.js';

jest.setTimeout(120_000);

/** A centre's reference of its own, so that a server which keeps its log can be used again. */
const caseRef = `DC-${drawUuid().slice(0, 8)}`;

function journey(serverUrl: () => string): void {
  let api: TestApi;
  let filingId: string;
  let position: string;
  beforeAll(async () => {
    api = await startTestApi({}, { QADAGA_EVENT_STORE_URL: serverUrl() });
  }, 120_000);
  afterAll(() => api?.close());

  it('takes an appeal and a quarterly reference', async () => {
    const place = { region: '55', address: 'Екібастұз қ., Энергетиктер көшесі, 12' };
    await api.ask('POST', '/api/v1/operators', { body: { bin: ownBin, name: 'Qadaga Data', language: 'kk' } });
    const appeal = await api.ask('POST', '/api/v1/planned-constructions', {
      body: { newCase: { operatorBin: ownBin, caseRef, ...place }, powerMw: '7.90', designStartOn: '2021-06-01' },
    });
    expect(appeal).toMatchObject({ status: 201, body: { caseRef } });
    const reference = await api.ask('POST', '/api/v1/quarterly-references', {
      body: {
        caseRef,
        period: '2021-Q1',
        powerMw: '6',
        equipmentInvestmentKzt: '1',
        investmentPotentialKzt: '2',
        jobs: 12,
      },
    });
    expect(reference).toMatchObject({ status: 201, body: { caseId: appeal.body.caseId, missing: [] } });
    filingId = reference.body.filingId;
    position = String(reference.headers['qadaga-position']);
    expect(Buffer.from(position, 'base64url').toString()).toMatch(/^p\/\d+\/\d+$/);
  });

  it('shows it to whoever asks with the position that the command gave', async () => {
    const seen = await api.ask('GET', `/api/v1/filings/${filingId}`, { headers: { 'qadaga-position': position } });
    expect(seen).toMatchObject({ status: 200, body: { powerMw: '6' } });
    const { store } = api.opened;
    for await (const batch of store.readWritten())
      for (const fact of batch) expect(fact.position).toMatch(/^\d+\/\d+$/);
  });

  it('answers the same command again without writing', async () => {
    const key = drawUuid();
    const body = { bin: ownBin, name: 'Qadaga Data', language: 'en' };
    const first = await api.ask('PUT', `/api/v1/operators/${ownBin}`, { body, key });
    const head = await api.opened.store.head();
    const again = await api.ask('PUT', `/api/v1/operators/${ownBin}`, { body, key });
    expect(again.status).toBe(first.status);
    expect(await api.opened.store.head()).toBe(head);
  });

  it('informs the energy body, which goes on in its inbox from where it was and misses none', async () => {
    await api.settle();
    const items: { number: string }[] = [];
    for (let cursor = ''; ;) {
      const url = `/api/v1/inbox/notices?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const { body } = await api.ask('GET', url, { as: 'energy-body' });
      items.push(...body.items);
      cursor = body.next;
      if (!body.more) break;
    }
    const all = await api.ask('GET', '/api/v1/inbox/notices?limit=200', { as: 'energy-body' });
    expect(items.length).toBeGreaterThanOrEqual(2);
    expect(items.map(({ number }) => number)).toEqual(all.body.items.map((one: { number: string }) => one.number));
  });

  it('builds its registers anew from the log, and they are the same', async () => {
    const url = `/api/v1/filings/${filingId}`;
    const before = await api.ask('GET', url);
    await api.settle();
    const seen: number[] = [];
    const { position: at } = await api.opened.readModels.rebuild({
      onProgress: ({ done, total }) => seen.push(done / Math.max(total, 1)),
    });
    expect(at).toBe(await api.opened.store.head());
    expect(seen.at(-1)).toBe(1);
    const lag = await api.opened.readModels.lag();
    expect(lag.readModels.map(({ behind }) => behind).filter((behind) => behind !== 0)).toEqual([]);
    expect((await api.ask('GET', url)).body).toEqual(before.body);
  });
}

describe.each([
  ['a double of the server', false],
  ['a double whose appends share a commit position', true],
])('the whole house on KurrentDB (%s)', (_, sharedCommits) => {
  let server: KurrentDouble;
  beforeAll(async () => {
    server = await startKurrentDouble({ sharedCommits });
  });
  afterAll(() => server.stop());
  journey(() => server.url);
});

(realServerUrl === undefined ? describe.skip : describe)(
  'the whole house on KurrentDB (needs KURRENTDB_TEST_URL)',
  () => journey(() => realServerUrl!),
);
