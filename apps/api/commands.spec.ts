import { drawUuid } from '#libs/kernel';
import { otherBin, ownBin, startTestApi, type Answer, type TestApi } from './testing/testing-api.js';

let api: TestApi;
let caseId: string;
let otherCaseId: string;
beforeAll(async () => {
  api = await startTestApi();
  await api.ask('POST', '/api/v1/operators', { body: { bin: ownBin, name: 'One', language: 'kk' } });
  const open = async () =>
    (
      await api.ask('POST', '/api/v1/cases', {
        as: 'case-officer',
        body: { operatorBin: ownBin, region: '55', address: 'x' },
      })
    ).body.caseId;
  [caseId, otherCaseId] = [await open(), await open()];
}, 60_000);
afterAll(() => api.close());

const url = '/api/v1/quarterly-references';
const problem = ({ status, body }: Answer) => `${status} ${String(body?.type).replace('urn:qadaga:problem:', '')}`;

describe('an Idempotency-Key', () => {
  it('is needed for every command and has a form', async () => {
    const body = { caseId, period: '2020-Q4' };
    expect(problem(await api.ask('POST', url, { body, headers: { 'idempotency-key': '' } }))).toBe(
      '400 idempotency-key-missing',
    );
    for (const key of ['short', 'with blank inside', 'x'.repeat(256), 'ключ-ключ'])
      expect(problem(await api.ask('POST', url, { body, key }))).toBe('400 idempotency-key-malformed');
  });

  it('gives a repeat the first answer, whatever happened since', async () => {
    const key = drawUuid();
    const body = { caseId, period: '2021-Q1', powerMw: '7.90' };
    const first = await api.ask('POST', url, { body, key });
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotency-replayed');
    await api.ask('POST', `/api/v1/filings/${first.body.filingId}/corrections`, { body: { powerMw: '8' } });
    // Another order of the same members is the same request.
    const again = await api.ask('POST', url, { body: { powerMw: '7.90', period: '2021-Q1', caseId }, key });
    expect(again.body).toEqual(first.body);
    expect(again.status).toBe(201);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.headers['qadaga-position']).toBe(first.headers['qadaga-position']);
    expect(again.headers['etag']).toBe(first.headers['etag']);
    await api.settle();
    const { items } = (await api.ask('GET', `/api/v1/filings?caseId=${caseId}&period=2021-Q1`)).body;
    expect(items).toHaveLength(1);
  });

  it('is refused for another request, in the same case or in another', async () => {
    const key = drawUuid();
    const body = { caseId, period: '2021-Q2', powerMw: '7.90' };
    await api.ask('POST', url, { body, key });
    for (const other of [
      { ...body, powerMw: '7.9' },
      { ...body, caseId: otherCaseId },
    ])
      expect(problem(await api.ask('POST', url, { body: other, key }))).toBe('422 idempotency-key-reused');
    // A key belongs to its sender: another one's is another key.
    const note = { as: 'case-officer', body: { text: 'x' }, key } as const;
    expect(await api.ask('POST', `/api/v1/cases/${caseId}/notes`, note)).toMatchObject({ status: 201 });
  });

  it('makes one of many at once', async () => {
    const key = drawUuid();
    const body = { caseId, period: '2021-Q3', powerMw: '1' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => api.ask('POST', url, { body, key })));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map((one) => one.body.filingId)).size).toBe(1);
    for (const one of answers.filter(({ status }) => status !== 201))
      expect(problem(one)).toBe('409 idempotency-key-in-progress');
    await api.settle();
    expect((await api.ask('GET', `/api/v1/filings?caseId=${caseId}&period=2021-Q3`)).body.items).toHaveLength(1);
  });

  it('opens one case, and finds it again', async () => {
    const key = drawUuid();
    const body = { newCase: { operatorBin: ownBin, region: '55', address: 'Жаңа' }, powerMw: '3' };
    const first = await api.ask('POST', '/api/v1/planned-constructions', { body, key });
    const again = await api.ask('POST', '/api/v1/planned-constructions', { body, key });
    expect(again.body).toEqual(first.body);
  });

  it('may be used anew after a refusal: nothing was recorded', async () => {
    const key = drawUuid();
    const refused = await api.ask('POST', '/api/v1/cases', {
      as: 'case-officer',
      key,
      body: { operatorBin: '970740000838', region: '55', address: 'x' },
    });
    expect(problem(refused)).toBe('422 operator-unknown');
    const done = await api.ask('POST', '/api/v1/cases', {
      as: 'case-officer',
      key,
      body: { operatorBin: ownBin, region: '55', address: 'x' },
    });
    expect(done.status).toBe(201);
  });
});

describe('the end of mining at all centres', () => {
  const as = 'other-operator';
  const end = (key: string) =>
    api.ask('POST', `/api/v1/operators/${otherBin}/termination`, { as, body: { activityEndedOn: '2021-01-10' }, key });

  it('is filed in open cases alone, and refused when there is none', async () => {
    await api.ask('POST', '/api/v1/operators', { as, body: { bin: otherBin, name: 'Two', language: 'ru' } });
    const cases: string[] = [];
    for (const address of ['a', 'b']) {
      const body = { operatorBin: otherBin, region: '55', address };
      cases.push((await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body })).body.caseId);
    }
    const [closed, open] = cases;
    const close = (id: string | undefined) =>
      api.ask('POST', `/api/v1/cases/${id}/close`, { as: 'senior-officer', body: { reason: 'never built' } });
    expect((await close(closed)).status).toBe(200);
    const key = drawUuid();
    const ended = await end(key);
    expect(ended).toMatchObject({ status: 201, body: { centres: [{ caseId: open }] } });
    expect(ended.body.centres).toHaveLength(1);
    expect(problem(await end(drawUuid()))).toBe('409 nothing-to-terminate');
    expect((await close(open)).status).toBe(200);
    expect(await end(key)).toMatchObject({ status: 201, body: ended.body });
    // A centre of later is none that the document spoke of.
    const body = { operatorBin: otherBin, region: '55', address: 'c' };
    await api.ask('POST', '/api/v1/cases', { as: 'case-officer', body });
    expect((await end(key)).body).toEqual(ended.body);
  });
});

describe('what a reader has just written', () => {
  it('is seen when the position is given back, in the header or the query', async () => {
    for (let n = 0; n < 10; n++) {
      const done = await api.ask('POST', url, { body: { caseId, period: '2020-Q4', powerMw: String(n) } });
      const position = String(done.headers['qadaga-position']);
      const list =
        n % 2 === 0
          ? await api.ask('GET', '/api/v1/filings?period=2020-Q4&limit=200', {
              headers: { 'qadaga-position': position },
            })
          : await api.ask('GET', `/api/v1/filings?period=2020-Q4&limit=200&after=${position}`);
      expect(list.body.items.map((one: { filingId: string }) => one.filingId)).toContain(done.body.filingId);
    }
  });

  it('is waited for at most two seconds', async () => {
    const waitFor = jest.spyOn(api.opened.readModels, 'waitFor').mockResolvedValue(false);
    const answer = await api.ask('GET', `/api/v1/cases?after=${Buffer.from('p/1').toString('base64url')}`);
    expect(problem(answer)).toBe('503 overloaded');
    expect(answer.headers['retry-after']).toBe('1');
    expect(waitFor).toHaveBeenCalledWith('1', 2_000);
    waitFor.mockRestore();
  });

  it('is not waited for by who cannot have been given it', async () => {
    const future = Buffer.from('p/999999999').toString('base64url');
    expect(problem(await api.ask('GET', `/api/v1/cases?after=${future}`))).toBe('400 position-unknown');
    expect(problem(await api.ask('GET', '/api/v1/cases?after=x'))).toBe('400 position-malformed');
  });
});

describe('lists', () => {
  it('go on where they ended, in either order, and miss none', async () => {
    for (const sort of ['received', '-received', 'journal-no']) {
      const all = (await api.ask('GET', `/api/v1/filings?limit=200&sort=${sort}`)).body.items.map(
        (one: { filingId: string }) => one.filingId,
      );
      const paged: string[] = [];
      for (let next = ''; ;) {
        const { body } = await api.ask('GET', `/api/v1/filings?limit=3&sort=${sort}${next ? `&cursor=${next}` : ''}`);
        paged.push(...body.items.map((one: { filingId: string }) => one.filingId));
        if (body.next === null) break;
        next = body.next;
      }
      expect(paged).toEqual(all);
    }
  });

  it.each([
    ['limit=0', '/limit'],
    ['limit=201', '/limit'],
    ['limit=1e2', '/limit'],
    ['limit=5&limit=6', '/limit'],
    ['sort=power', '/sort'],
    ['cursor=x', '/cursor'],
    ['period=2021', '/period'],
    ['receivedFrom=2021-02-30', '/receivedFrom'],
    ['caseId=1', '/caseId'],
    ['surprise=1', '/surprise'],
    ['__proto__=1', '/__proto__'],
  ])('refuse ?%s and name the parameter', async (query, pointer) => {
    const answer = await api.ask('GET', `/api/v1/filings?${query}`);
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([400, pointer]);
  });

  it('refuse a query where there is none to be read, before anything is done', async () => {
    const answer = await api.ask('POST', '/api/v1/quarterly-references?dryRun=true', { body: {} });
    expect([answer.status, answer.body.errors]).toMatchObject([400, [{ pointer: '/dryRun', code: 'unknown-field' }]]);
  });
});

describe('a calendar correction', () => {
  const correct = (version: string, changes: readonly object[]) =>
    api.ask('POST', '/api/v1/calendars/kz/corrections', {
      as: 'administrator',
      body: { version, changes, reason: 'x' },
    });

  it('that no calendar could hold is refused, for it would stop every deadline', async () => {
    const day = { date: '2021-08-30', kind: 'holiday', name: 'n' };
    expect(await correct('v-2', [day])).toMatchObject({ status: 201, body: { calendarId: 'kz', version: 'v-2' } });
    expect(problem(await correct('v-2', [day]))).toBe('409 calendar-version-known');
    expect((await correct('a', [day, day])).body.errors[0].pointer).toBe('/changes/1/date');
    expect((await correct('a', [{ ...day, kind: 'working_weekend' }])).body.errors[0].pointer).toBe('/changes/0/kind');
    const quarter = Array.from({ length: 92 }, (_, n) => ({
      ...day,
      date: new Date(Date.UTC(2021, 6, 1 + n)).toISOString().slice(0, 10),
    }));
    expect(problem(await correct('a', quarter))).toBe('422 no-working-days');
    expect((await api.ask('GET', '/api/v1/calendars/kz')).body.version).toBe('v-2');
  });
});

describe('bad input', () => {
  const good = { caseId: '', period: '2022-Q1' };
  const json = (text: string) => ({ body: text, headers: { 'content-type': 'application/json' } });

  it.each<[string, string, string]>([
    ['a number for megawatts', '{"caseId":"ID","period":"2022-Q1","powerMw":7.9}', '/powerMw'],
    ['NaN', '{"caseId":"ID","period":"2022-Q1","jobs":NaN}', '/jobs'],
    ['1e309', '{"caseId":"ID","period":"2022-Q1","jobs":1e309}', '/jobs'],
    ['-0', '{"caseId":"ID","period":"2022-Q1","jobs":-0}', '/jobs'],
    ['a number past 2^53', '{"caseId":"ID","period":"2022-Q1","jobs":9007199254740993}', '/jobs'],
    [
      'a lone surrogate',
      '{"caseId":"ID","period":"2022-Q1","location":{"region":"55","address":"\\ud800"}}',
      '/location/address',
    ],
    ['NUL', '{"caseId":"ID","period":"2022-Q1","location":{"region":"55","address":"a\\u0000"}}', '/location/address'],
    ['a key given twice', '{"caseId":"ID","period":"2022-Q1","period":"2022-Q2"}', '/period'],
    ['__proto__', '{"caseId":"ID","period":"2022-Q1","__proto__":{"jobs":1}}', '/__proto__'],
    ['an unknown field', '{"caseId":"ID","period":"2022-Q1","poweMw":"1"}', '/poweMw'],
    ['30 February', '{"caseId":"ID","period":"2022-Q1","submittedAt":"2021-02-30T00:00:00Z"}', '/submittedAt'],
    ['negative megawatts', '{"caseId":"ID","period":"2022-Q1","powerMw":"-1"}', '/powerMw'],
    ['no case', '{"period":"2022-Q1"}', '/caseId'],
    ['a case named twice', '{"caseId":"ID","caseRef":"DC-1","period":"2022-Q1"}', '/caseId'],
    [
      'a region that is not there yet',
      '{"caseId":"ID","period":"2022-Q1","location":{"region":"10","address":"Семей"}}',
      '/location/region',
    ],
    ['an unknown rule set', '{"caseId":"ID","period":"2022-Q1","ruleSetId":"xx"}', '/ruleSetId'],
    [
      'a submission after its receipt',
      '{"caseId":"ID","period":"2022-Q1","submittedAt":"2031-01-01T00:00:00Z"}',
      '/submittedAt',
    ],
    [
      'a receipt given for an electronic document',
      '{"caseId":"ID","period":"2022-Q1","receivedOn":"2021-01-01"}',
      '/receivedOn',
    ],
  ])('such as %s is refused by its field', async (_what, text, pointer) => {
    const answer = await api.ask('POST', url, json(text.replace('"ID"', `"${caseId}"`)));
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.errors.map((one: { pointer: string }) => one.pointer)).toContain(pointer);
  });

  it.each<[string, object, number, string]>([
    ['a receipt in the future', { channel: 'paper', receivedOn: '2021-04-06' }, 422, '/receivedOn'],
    ['a stamp in the future', { channel: 'paper', receivedAt: '2021-04-05T05:00:01Z' }, 422, '/receivedAt'],
    ['paper without its stamp', { channel: 'paper' }, 400, '/receivedAt'],
    [
      'a number of our own form',
      { channel: 'paper', receivedOn: '2021-04-01', journalNo: 'QJ-2021-000001' },
      422,
      '/journalNo',
    ],
    [
      'two receipts',
      { channel: 'paper', receivedOn: '2021-04-01', receivedAt: '2021-04-01T00:00:00Z' },
      400,
      '/receivedOn',
    ],
  ])('such as %s is refused to a registrar', async (_what, more, status, pointer) => {
    const answer = await api.ask('POST', url, { as: 'registrar', body: { ...good, caseId, ...more } });
    expect([answer.status, answer.body.errors?.[0]?.pointer]).toEqual([status, pointer]);
  });

  it('takes paper that came today before noon as received now, not later', async () => {
    const paper = { channel: 'paper', receivedOn: '2021-04-05', period: '2021-Q1', journalNo: 'PAPER-TODAY' };
    const filed = await api.ask('POST', url, { as: 'registrar', body: { ...good, caseId, ...paper } });
    expect(filed).toMatchObject({ status: 201, body: { receivedAt: api.clock.now() } });
  });

  it('such as half of the bank details, or a wrong check digit, never comes back', async () => {
    const newCase = { operatorBin: ownBin, region: '55', address: 'x' };
    for (const bank of [
      { bankIban: 'KZ86125KZT5004100100' },
      { bankIban: 'KZ87125KZT5004100100', bankBic: 'HSBKKZKX' },
    ]) {
      const answer = await api.ask('POST', '/api/v1/planned-constructions', { body: { newCase, ...bank } });
      expect(answer.status).toBe(400);
      expect(answer.raw.toString()).not.toContain('125KZT');
    }
  });

  it('is told from a wrong path, method, type or length', async () => {
    const answers = [
      await api.ask('GET', '/api/v1/nothing'),
      await api.ask('DELETE', '/api/v1/cases'),
      await api.ask('POST', url, { body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
      await api.ask('POST', url, json(`{"period":"${'x'.repeat(300_000)}"}`)),
      await api.ask('GET', '/api/v1/cases/not-an-id'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 405, 415, 413, 404]);
    for (const one of answers) expect(one.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answers[1]!.headers['allow']).toBe('GET, HEAD, POST');
  });
});
