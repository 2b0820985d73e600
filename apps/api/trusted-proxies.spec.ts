import { drawUuid } from '#libs/kernel';
import { startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
afterEach(() => api.close());

/** Wrong keys until they are too many, from an address that a proxy tells of. @returns the last answer's status */
async function guess(from: string): Promise<number> {
  let status = 0;
  for (let n = 0; n < 100 && status !== 429; n++) {
    const { statusCode } = await api.app.inject({
      url: '/api/v1/cases',
      remoteAddress: '10.1.2.3',
      headers: { authorization: `Bearer qdg_auditor_${drawUuid()}`, 'x-forwarded-for': from },
    });
    status = statusCode;
  }
  return status;
}

const once = async (from: string) =>
  (
    await api.app.inject({
      url: '/api/v1/cases',
      remoteAddress: '10.1.2.3',
      headers: { authorization: 'Bearer wrong', 'x-forwarded-for': from },
    })
  ).statusCode;

describe('the address that wrong keys are counted for', () => {
  it('is the one a trusted proxy tells of', async () => {
    api = await startTestApi({ trustedProxies: ['10.0.0.0/8'] });
    expect(await guess('192.0.2.1')).toBe(429);
    expect(await once('192.0.2.2')).toBe(401);
  }, 60_000);

  it('is the proxy itself when nobody is trusted: what it says could be anything', async () => {
    api = await startTestApi();
    expect(await guess('192.0.2.1')).toBe(429);
    expect(await once('192.0.2.2')).toBe(429);
  }, 60_000);
});

describe('that a request came over TLS', () => {
  const toldOf = async (protocol: string) =>
    (
      await api.app.inject({
        url: '/health/live',
        remoteAddress: '10.1.2.3',
        headers: { 'x-forwarded-proto': protocol },
      })
    ).headers['strict-transport-security'];

  it('is believed of a trusted proxy, and browsers are told to keep to it', async () => {
    api = await startTestApi({ trustedProxies: ['10.0.0.0/8'] });
    expect(await toldOf('https')).toBe('max-age=31536000; includeSubDomains');
    expect(await toldOf('http')).toBeUndefined();
  }, 60_000);

  it('is believed of nobody else', async () => {
    api = await startTestApi();
    expect(await toldOf('https')).toBeUndefined();
  }, 60_000);
});
