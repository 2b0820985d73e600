import { createLogger } from '#libs/platform';
import { recognitions, type AccessEvent } from './access-log.js';
import { ownBin, startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
const events: AccessEvent[] = [];
beforeAll(async () => {
  api = await startTestApi({ onAccess: (event) => void events.push(event) });
}, 60_000);
afterAll(() => api.close());
beforeEach(() => void events.splice(0));

const refusals = () => events.filter((event) => event.kind === 'refused');
const from = (remoteAddress: string, url: string, key: string, headers = {}) =>
  api.app.inject({ url, remoteAddress, headers: { authorization: `Bearer ${key}`, ...headers } });

describe('what is told of who asks', () => {
  it('is each key that is used, once for each address', async () => {
    const key = api.keys['auditor']!;
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2']) await from(address, '/api/v1/cases', key);
    const { keyId } = (await api.opened.identity.authenticate(key))!;
    expect(events).toEqual(
      ['192.0.2.1', '192.0.2.2'].map((source) => ({ kind: 'recognized', source, keyId, role: 'auditor' })),
    );
  });

  it('is each wrong key and each that comes too often, by where it came from', async () => {
    const wrong = `qdg_auditor_${'A'.repeat(43)}`;
    for (let n = 0; n < 11; n++) await from('192.0.2.3', '/api/v1/cases', wrong, { 'x-correlation-id': 'corr-0001' });
    const told = {
      kind: 'refused',
      method: 'GET',
      route: '/api/v1/cases',
      source: '192.0.2.3',
      correlationId: 'corr-0001',
    };
    expect(refusals()).toEqual([
      ...Array.from({ length: 10 }, () => ({ ...told, status: 401 })),
      { ...told, status: 429 },
    ]);
    expect(JSON.stringify(events)).not.toContain(wrong);
  });

  it('is what a key may not do, what is not there for it and what was malformed, by the key and the route', async () => {
    const { keyId } = (await api.opened.identity.authenticate(api.keys['operator']!))!;
    const nobodys = '11111111-1111-4111-8111-111111111111';
    await api.ask('GET', `/api/v1/cases/${nobodys}`);
    await api.ask('GET', '/api/v1/cases?limit=-1');
    await api.ask('GET', '/api/v1/api-keys');
    await api.ask('POST', '/api/v1/operators', { body: `{"bin":"${ownBin}","bin":"${ownBin}"}` });
    await api.ask('GET', '/admin.php');
    expect(refusals().map((event) => [event.keyId, event.route, event.status])).toEqual(
      expect.arrayContaining([
        [keyId, '/api/v1/cases/:caseId', 404],
        [keyId, '/api/v1/cases', 400],
        [keyId, '/api/v1/api-keys', 403],
        [keyId, '/api/v1/operators', 400],
        [undefined, 'none', 404],
      ]),
    );
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${nobodys}|${ownBin}|admin`));
  });

  it('is told again of a key in use after an hour', () => {
    let at = 0;
    const told: AccessEvent[] = [];
    const tell = recognitions(
      (event) => told.push(event),
      () => at,
    );
    for (at of [0, 3_599_999, 3_600_000, 3_600_001]) tell({ keyId: 'k', role: 'auditor' }, '192.0.2.1');
    expect(told).toHaveLength(2);
  });

  it('stays one line of JSON in the log, whatever stands in it', () => {
    const lines: string[] = [];
    const logger = createLogger({ destination: { write: (line) => void lines.push(line) } });
    logger.warn({ source: '::1\n{"level":"fatal"}', route: '"}\r\n' }, 'a request was refused');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.trimEnd()).not.toContain('\n');
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 'warn',
      source: '::1\n{"level":"fatal"}',
      time: expect.stringMatching(/Z$/),
    });
  });
});
