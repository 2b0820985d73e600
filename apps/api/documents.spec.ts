import { documentTypes, longestDocument } from '#libs/documents';
import { ownBin, registerOperators, startTestApi, type TestApi } from './testing/testing-api.js';

let api: TestApi;
let filingId: string;
beforeAll(async () => {
  api = await startTestApi();
  await registerOperators(api);
  const body = { newCase: { operatorBin: ownBin, region: '55', address: 'Екібастұз' }, powerMw: '7.90' };
  ({ filingId } = (await api.ask('POST', '/api/v1/planned-constructions', { body })).body);
}, 60_000);
afterAll(() => api.close());

describe('the attachments of a filing', () => {
  it('keeps a scan with the filing and gives it back as it was', async () => {
    const scan = Buffer.from('%PDF-1.7 a scan');
    const url = `/api/v1/filings/${filingId}/documents`;
    const pdf = { 'content-type': 'application/pdf' };
    const done = await api.ask('POST', `${url}?name=${encodeURIComponent('Өтініш "1".pdf')}`, {
      body: scan,
      headers: pdf,
    });
    expect(done).toMatchObject({ status: 201, body: { bytes: scan.length, mediaType: 'application/pdf' } });
    const seen = await api.ask('GET', String(done.headers['location']));
    expect(seen.raw.equals(scan)).toBe(true);
    expect(seen.headers['content-disposition']).toMatch(/^attachment; filename=".*"; filename\*=UTF-8''%D3%A8/);
    expect(seen.headers['content-security-policy']).toContain('sandbox');
    expect(await api.ask('GET', String(done.headers['location']), { as: 'other-operator' })).toMatchObject({
      status: 404,
    });
    expect(await api.ask('POST', `${url}?name=a.pdf`, { body: Buffer.from('<html>'), headers: pdf })).toMatchObject({
      status: 422,
    });
    expect(
      await api.ask('POST', `${url}?name=a.exe`, {
        body: Buffer.from('MZ'),
        headers: { 'content-type': 'application/x-msdownload' },
      }),
    ).toMatchObject({ status: 415 });
    expect(await api.ask('POST', `${url}?name=a.pdf`, { body: { a: 1 } })).toMatchObject({ status: 415 });
    expect(await api.ask('POST', '/api/v1/operators', { body: scan, headers: pdf })).toMatchObject({ status: 415 });
  });

  it('keeps of the name of a scan what is no path, and refuses what then names nothing', async () => {
    const attach = (name: string) =>
      api.ask('POST', `/api/v1/filings/${filingId}/documents?name=${encodeURIComponent(name)}`, {
        body: Buffer.from('%PDF-1.7 another scan'),
        headers: { 'content-type': 'application/pdf' },
      });
    expect(await attach('C:\\Users\\x\\Өтініш 2.pdf')).toMatchObject({ status: 201, body: { name: 'Өтініш 2.pdf' } });
    expect(await attach('scan.exe')).toMatchObject({ status: 422, body: { type: 'urn:qadaga:problem:document-name' } });
    expect(await attach('../../etc/')).toMatchObject({ status: 400, body: { errors: [{ pointer: '/name' }] } });
  });

  it.each([
    ['en', /MiB/],
    ['ru', /МиБ/],
    ['kk', /МиБ/],
  ])('says which scans it takes, in the language asked for: %s', async (language, unit) => {
    const send = (type: string, body: Buffer | object) =>
      api.ask('POST', `/api/v1/filings/${filingId}/documents?name=a.pdf`, {
        body,
        headers: { 'content-type': type, 'accept-language': language },
      });
    const most = `${longestDocument / 1024 / 1024}`;
    const tooLarge = await send('application/pdf', Buffer.alloc(longestDocument + 4096));
    expect([tooLarge.status, tooLarge.body.type]).toEqual([413, 'urn:qadaga:problem:document-too-large']);
    expect(tooLarge.body.detail).toContain(` ${most} `);
    expect(tooLarge.body.detail).toMatch(unit);
    for (const [type, body] of [
      ['application/x-msdownload', Buffer.from('MZ')],
      ['application/json', { a: 1 }],
      ['application/json', Buffer.alloc(longestDocument, ' ')],
    ] as const) {
      const { status, body: problem } = await send(type, body);
      expect([status, problem.type]).toEqual([415, 'urn:qadaga:problem:document-type']);
      for (const taken of Object.keys(documentTypes)) expect(problem.detail).toContain(taken);
      expect(problem.detail).toContain(` ${most} `);
      expect(problem.detail).toMatch(unit);
    }
    // Where no document is asked for, nothing is said of them.
    const elsewhere = await api.ask('POST', '/api/v1/operators', {
      body: Buffer.from('%PDF-1.7'),
      headers: { 'content-type': 'application/pdf', 'accept-language': language },
    });
    expect(elsewhere.body.type).toBe('urn:qadaga:problem:unsupported-media-type');
  });
});
