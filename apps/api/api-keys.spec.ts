import { drawUuid } from '#libs/kernel';
import { createLogger, nestLogger } from '#libs/platform';
import { otherBin, ownBin, startTestApi, type Answer, type AskOptions, type TestApi } from './testing/testing-api.js';

const url = '/api/v1/api-keys';
const lines: string[] = [];
const answers: Answer[] = [];
let api: TestApi;
beforeAll(async () => {
  const logger = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  api = await startTestApi({
    logger: nestLogger(logger),
    edge: { onFailure: (error) => logger.error({ err: error }, 'a request failed') },
  });
}, 60_000);
afterAll(() => api.close());

const ask = async (method: 'GET' | 'POST', path: string, options: AskOptions = {}) => {
  const answer = await api.ask(method, `${url}${path}`, { as: 'administrator', ...options });
  answers.push(answer);
  return answer;
};
const problem = ({ status, body }: Answer) => `${status} ${String(body?.type).replace('urn:qadaga:problem:', '')}`;
const issue = async (body: object) => {
  const answer = await ask('POST', '', { body });
  expect(answer.status).toBe(201);
  return answer.body as { readonly keyId: string; readonly accountId: string; readonly key: string };
};
/** What one who presents this key is answered. */
const present = (key: string, path: string) =>
  api.ask('GET', path, { as: 'nobody', headers: { authorization: `Bearer ${key}` } });
const own = async (role: string) =>
  (await ask('GET', `?role=${role}&revoked=false`)).body.items[0] as {
    readonly keyId: string;
    readonly accountId: string;
  };

describe('an API key', () => {
  it('is issued, works, is seen and, revoked, works no more', async () => {
    const answer = await ask('POST', '', {
      body: { role: 'operator', operatorBin: ownBin, label: 'ERP of TOO Primer' },
    });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', location: `${url}/${answer.body.keyId}` });
    const { keyId, accountId, key } = answer.body;
    expect((await present(key, '/api/v1/cases')).status).toBe(200);
    const administrator = await own('administrator');
    const seen = await ask('GET', `/${keyId}`, { as: 'auditor' });
    expect(seen.body).toMatchObject({
      keyId,
      accountId,
      role: 'operator',
      operatorBin: ownBin,
      label: 'ERP of TOO Primer',
      issuedBy: administrator.accountId,
      lastUsedOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      revokedAt: null,
      revokedBy: null,
    });
    const revoked = await ask('POST', `/${keyId}/revocation`);
    expect(revoked.body).toMatchObject({ keyId, accountId, revokedBy: administrator.accountId });
    expect(problem(await present(key, '/api/v1/cases'))).toBe('401 unauthenticated');
    // Once more, by the same request or by another, changes nothing.
    expect((await ask('POST', `/${keyId}/revocation`)).body).toEqual(revoked.body);
    const { items } = (await ask('GET', '?revoked=true', { as: 'auditor' })).body;
    expect(items).toMatchObject([{ keyId, revokedAt: revoked.body.revokedAt, revokedBy: administrator.accountId }]);
  });

  it('is made once for an Idempotency-Key and not shown a second time', async () => {
    const key = drawUuid();
    const body = { role: 'auditor', label: 'prosecutor' };
    const first = await ask('POST', '', { body, key });
    const again = await ask('POST', '', { body, key, headers: { 'accept-language': 'ru' } });
    expect(problem(again)).toBe('409 api-key-issued');
    expect(again.headers['location']).toBe(first.headers['location']);
    expect(again.body.detail).toMatch(/^По этому запросу ключ уже выпущен/);
    expect((await ask('POST', '', { body, key })).body.detail).toContain(first.body.keyId);
    expect(problem(await ask('POST', '', { body: { ...body, label: 'x' }, key }))).toBe('422 idempotency-key-reused');
    const atOnce = drawUuid();
    const all = await Promise.all(
      Array.from({ length: 6 }, () => ask('POST', '', { body: { ...body, label: 'at once' }, key: atOnce })),
    );
    expect(all.filter(({ status }) => status === 201)).toHaveLength(1);
    const { items } = (await ask('GET', '?role=auditor')).body as { items: { label: string }[] };
    expect(items.map(({ label }) => label)).toEqual(['auditor', 'prosecutor', 'at once']);
  });

  it('of an operator may be bound later, once, with all keys of its account', async () => {
    const { keyId, accountId, key } = await issue({ role: 'operator', label: 'not bound yet' });
    const operator = { bin: otherBin, name: 'Other', language: 'ru' };
    const register = () =>
      api.ask('POST', '/api/v1/operators', { as: 'nobody', headers: { 'x-api-key': key }, body: operator });
    expect((await register()).status).toBe(403);
    const second = await issue({ role: 'operator', label: 'its second', accountId });
    const bound = await ask('POST', `/${keyId}/operator`, { body: { operatorBin: otherBin } });
    expect(bound).toMatchObject({ status: 200, body: { accountId, operatorBin: otherBin } });
    expect((await ask('POST', `/${second.keyId}/operator`, { body: { operatorBin: otherBin } })).status).toBe(200);
    expect((await register()).status).toBe(201);
    expect((await present(second.key, `/api/v1/operators/${otherBin}`)).status).toBe(200);
    expect(problem(await ask('POST', `/${keyId}/operator`, { body: { operatorBin: ownBin } }))).toBe(
      '409 account-bound',
    );
    const { items } = (await ask('GET', `?accountId=${accountId}`)).body;
    expect(items).toMatchObject([
      { keyId, operatorBin: otherBin, boundAt: expect.any(String), boundBy: expect.any(String) },
      { keyId: second.keyId, operatorBin: otherBin },
    ]);
    const { keyId: auditors } = await own('auditor');
    expect(problem(await ask('POST', `/${auditors}/operator`, { body: { operatorBin: ownBin } }))).toBe(
      '422 account-not-operator',
    );
  });

  it.each([
    [{ role: 'auditor', label: 'x', operatorBin: ownBin }, '400 bin-not-allowed', '/operatorBin not-allowed'],
    [
      { role: 'operator', label: 'x', operatorBin: '940140000386' },
      '400 invalid-request',
      '/operatorBin bin-malformed',
    ],
    [{ role: 'system', label: 'x' }, '400 invalid-request', '/role not-known'],
    [{ role: 'auditor', label: ' ' }, '400 invalid-request', '/label not-a-text'],
    [{ role: 'auditor', label: 'of office@example.kz' }, '400 invalid-request', '/label not-a-text'],
    [{ role: 'auditor' }, '400 invalid-request', '/label missing'],
    [
      { role: 'auditor', label: 'x', accountId: '6ba7b810-9dad-41d1-80b4-00c04fd430c8' },
      '422 account-unknown',
      '/accountId unknown',
    ],
    [{ role: 'auditor', label: 'x', key: 'mine' }, '400 invalid-request', '/key unknown-field'],
  ])('asked for as %j is refused', async (body, expected, fault) => {
    const answer = await ask('POST', '', { body });
    expect(problem(answer)).toBe(expected);
    expect(answer.body.errors.map((one: { pointer: string; code: string }) => `${one.pointer} ${one.code}`)).toEqual([
      fault,
    ]);
  });

  it('that is unknown is told as such', async () => {
    for (const id of [drawUuid(), 'x']) {
      expect(problem(await ask('GET', `/${id}`))).toBe('404 api-key-unknown');
      expect(problem(await ask('POST', `/${id}/revocation`))).toBe('404 api-key-unknown');
      expect(problem(await ask('POST', `/${id}/operator`, { body: { operatorBin: ownBin } }))).toBe(
        '404 api-key-unknown',
      );
    }
  });
});

describe('the list', () => {
  it('comes page by page and takes no cursor of another', async () => {
    const all = (await ask('GET', '?limit=200')).body;
    expect(all.next).toBeNull();
    const first = (await ask('GET', '?limit=2')).body;
    const rest = (await ask('GET', `?limit=200&cursor=${first.next}`)).body;
    expect([...first.items, ...rest.items]).toEqual(all.items);
    expect(problem(await ask('GET', '?cursor=x'))).toBe('400 cursor-malformed');
    expect(problem(await ask('GET', '?limit=201'))).toBe('400 invalid-request');
  });
});

describe('the administrator', () => {
  it('cannot revoke the last key of an administrator, and with another can revoke its own', async () => {
    const { keyId } = await own('administrator');
    expect(problem(await ask('POST', `/${keyId}/revocation`))).toBe('409 last-administrator-key');
    const next = await issue({ role: 'administrator', label: 'successor' });
    expect((await ask('POST', `/${keyId}/revocation`)).status).toBe(200);
    expect(problem(await ask('POST', '', { body: { role: 'auditor', label: 'x' } }))).toBe('401 unauthenticated');
    expect((await present(next.key, `${url}?role=administrator`)).body.items).toHaveLength(2);
  });
});

it('no key is told again, by an answer or in the log', () => {
  const told = answers.flatMap(({ body }) => (body?.key === undefined ? [] : [String(body.key)]));
  expect(told.length).toBeGreaterThan(4);
  expect(new Set(told).size).toBe(told.length);
  for (const key of told) {
    expect(answers.filter(({ raw }) => raw.toString().includes(key))).toHaveLength(1);
    expect(lines.filter((line) => line.includes(key.slice(-43)))).toEqual([]);
  }
  expect(lines.length).toBeGreaterThan(0);
});
