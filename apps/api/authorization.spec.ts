import { clientRoles, grantOf, isAction, policy, type Action, type ClientRole } from '#libs/identity';
import { apiControllers } from './index.js';
import { ownBin, registerOperators, startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
let ids: { readonly [name: string]: string };

beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
  const body = { newCase: { operatorBin: ownBin, region: '55', address: 'x' }, period: '2021-Q1', powerMw: '1' };
  const filed = await api.ask('POST', '/api/v1/quarterly-references', { body });
  await api.settle();
  const { items: obligations } = (await api.ask('GET', '/api/v1/obligations')).body;
  const { items: notices } = (await api.ask('GET', '/api/v1/notices', { as: 'auditor' })).body;
  ids = {
    caseId: filed.body.caseId,
    filingId: filed.body.filingId,
    obligationId: obligations[0].obligationId,
    noticeId: notices[0].noticeId,
    bin: ownBin,
    calendarId: 'kz',
    ruleSetId: 'kz-384-open',
    sha256: '0'.repeat(64),
  };
}, 60_000);
afterAll(() => api.close());

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly action: Action | undefined;
  readonly open: boolean;
}

/** Every route there is, as its controller declares it. */
function routes(): Route[] {
  const methods = ['GET', 'POST', 'PUT'] as const;
  return apiControllers.flatMap((controller) => {
    const base = String(Reflect.getMetadata('path', controller));
    const prototype = controller.prototype as unknown as Record<string, object>;
    return Object.getOwnPropertyNames(prototype).flatMap((name) => {
      const handler = prototype[name]!;
      if (name === 'constructor' || !Reflect.hasMetadata('path', handler)) return [];
      const path = String(Reflect.getMetadata('path', handler));
      const config = (Reflect.getMetadata('__fastify_route_config__', handler) ?? {}) as {
        action?: Action;
        open?: true;
      };
      return [
        {
          method: methods[Reflect.getMetadata('method', handler) as number]!,
          path: `/${base}${path === '/' || path === '' ? '' : `/${path}`}`,
          action: config.action,
          open: config.open === true,
        },
      ];
    });
  });
}

const urlOf = (path: string) => path.replaceAll(/:(\w+)/g, (_, name: string) => ids[name] ?? 'start.js');

describe('every route', () => {
  it('counts nothing as delivered when an auditor looks into the inbox', async () => {
    const before = await api.ask('GET', '/api/v1/inbox/notices', { as: 'auditor' });
    await api.settle();
    const after = await api.ask('GET', '/api/v1/inbox/notices', { as: 'auditor' });
    expect(after.body.items[0]).toMatchObject({ situation: 'sent', deliveredAt: null });
    expect(after.body).toEqual(before.body);
  });

  it('names an action of the policy table, but for the two of health', () => {
    const all = routes();
    expect(all.length).toBeGreaterThan(50);
    expect(all.filter(({ open }) => open).map(({ path }) => path)).toEqual(['/health/live', '/health/ready']);
    for (const { path, action, open } of all)
      expect([path, open || (action !== undefined && isAction(action))]).toEqual([path, true]);
  });

  it('is described in the OpenAPI document, but for health and the description itself', () => {
    const described = Object.keys(api.openApi.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    const missing = routes().filter(({ path }) => path.startsWith('/api/v1') && !described.includes(path));
    expect(missing).toEqual([]);
  });

  it('turns away who brings no key, or a wrong one, before it reads a body', async () => {
    for (const { method, path, open } of routes()) {
      const none = await api.ask(method, urlOf(path), {
        as: 'nobody',
        ...(method === 'GET' ? {} : { body: '{broken' }),
      });
      expect([path, none.status]).toEqual([path, open ? 200 : 401]);
      if (!open) expect(none.headers['www-authenticate']).toEqual(expect.any(String));
    }
    // An address is kept in logs and histories, so a key in one opens nothing.
    for (const name of ['key', 'api_key', 'x-api-key', 'access_token', 'authorization']) {
      const url = `/api/v1/cases?${name}=${api.keys['auditor']}`;
      expect((await api.app.inject({ url })).statusCode).toBe(401);
    }
    const wrong = await api.ask('GET', '/api/v1/cases', {
      as: 'nobody',
      headers: { authorization: `Bearer qdg_auditor_${'A'.repeat(43)}` },
    });
    expect(wrong).toMatchObject({ status: 401, body: { type: 'urn:qadaga:problem:unauthenticated' } });
  });

  it.each(clientRoles)('lets %s do what the policy table says and nothing else', async (role: ClientRole) => {
    for (const { method, path, action, open } of routes()) {
      if (open) continue;
      const granted = grantOf(role, action!) !== 'no';
      // An empty body: whoever is let in is told what is wrong with it, nothing happens.
      const { status } = await api.ask(method, urlOf(path), { as: role, ...(method === 'GET' ? {} : { body: '[]' }) });
      const label = `${role} ${method} ${path}`;
      if (granted) expect([label, status === 401 || status === 403]).toEqual([label, false]);
      else expect([label, status]).toEqual([label, 403]);
    }
  });

  it("does not tell an operator whether another's case, filing or duty is there", async () => {
    const own = routes().filter(
      ({ action, path }) =>
        action && grantOf('operator', action) === 'own' && /:(caseId|filingId|obligationId|bin)/.test(path),
    );
    expect(own.length).toBeGreaterThan(10);
    const unknown = { caseId: '11111111-1111-4111-8111-111111111111', bin: '971240001315' };
    for (const { method, path } of own) {
      const body = method === 'GET' ? {} : { body: bodies[path] ?? {} };
      const headers: Record<string, string> =
        path.endsWith('/documents') && method === 'POST' ? { 'content-type': 'application/pdf' } : {};
      const query = path.endsWith('/documents') ? '?name=a.pdf' : '';
      const theirs = await api.ask(method, urlOf(path) + query, { as: 'other-operator', headers, ...body });
      const nothing = await api.ask(
        method,
        path.replaceAll(/:(\w+)/g, (_, name: string) =>
          name === 'bin' ? unknown.bin : name === 'sha256' ? ids[name]! : unknown.caseId,
        ) + query,
        { as: 'other-operator', headers, ...body },
      );
      expect([path, theirs.status]).toEqual([path, 404]);
      expect([path, { ...theirs.body, instance: '', correlationId: '' }]).toEqual([
        path,
        { ...nothing.body, instance: '', correlationId: '' },
      ]);
    }
  });

  it("keeps an operator from opening or filing in another's name", async () => {
    const newCase = { operatorBin: ownBin, region: '55', address: 'x' };
    const filed = await api.ask('POST', '/api/v1/quarterly-references', {
      as: 'other-operator',
      body: { newCase, period: '2021-Q1' },
    });
    expect(filed).toMatchObject({ status: 403, body: { errors: [{ pointer: '/newCase/operatorBin' }] } });
    expect(await api.ask('POST', '/api/v1/cases', { as: 'other-operator', body: newCase })).toMatchObject({
      status: 403,
    });
    const operator = { bin: ownBin, name: 'x', language: 'ru' };
    expect(await api.ask('POST', '/api/v1/operators', { as: 'other-operator', body: operator })).toMatchObject({
      status: 403,
    });
    const paper = { caseId: ids['caseId'], period: '2021-Q1', channel: 'paper', receivedOn: '2021-04-01' };
    expect(await api.ask('POST', '/api/v1/quarterly-references', { body: paper })).toMatchObject({ status: 403 });
  });

  it('shows the energy body nothing but its inbox', () => {
    const seen = Object.keys(policy).filter((action) => grantOf('energy-body', action as Action) !== 'no');
    expect(seen.sort()).toEqual([
      'acknowledge-notice',
      'read-calendar',
      'read-notice-inbox',
      'read-rules',
      'refuse-notice',
    ]);
  });

  it('describes itself to any key, in a browser as a password', async () => {
    const basic = `Basic ${Buffer.from(`me:${api.keys['energy-body']}`).toString('base64')}`;
    for (const [url, type] of [
      ['/api/docs', 'text/html'],
      ['/api/docs/start.js', 'text/javascript'],
      ['/api/docs/swagger-ui-bundle.js', 'text/javascript'],
      ['/api/openapi.json', 'application/json'],
    ] as const) {
      const seen = await api.ask('GET', url, { as: 'nobody', headers: { authorization: basic } });
      expect([url, seen.status, String(seen.headers['content-type']).split(';')[0]]).toEqual([url, 200, type]);
    }
    const page = await api.ask('GET', '/api/docs', { as: 'nobody', headers: { authorization: basic } });
    expect(page.headers['content-security-policy']).toMatch(/script-src 'self';/);
    expect(page.raw.toString()).not.toMatch(/<script>|onload=|javascript:/);
    expect(await api.ask('GET', '/api/v1/cases', { as: 'nobody', headers: { authorization: basic } })).toMatchObject({
      status: 401,
    });
    const secrets = await api.ask('GET', '/api/docs/package.json', { headers: { authorization: basic } });
    expect(secrets.status).toBe(404);
  });
});

/** Bodies that would do, so that only the object is in question. */
const bodies: { readonly [path: string]: unknown } = {
  '/api/v1/operators/:bin': { name: 'x', language: 'ru' },
  '/api/v1/filings/:filingId/bank-details/look': { reason: 'x' },
  '/api/v1/filings/:filingId/documents': Buffer.from('%PDF-1.7'),
};
