import 'reflect-metadata';
import net from 'node:net';
import { Body, Controller, Get, HttpException, Module, Param, Post, Put } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Type } from 'class-transformer';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { reject, RejectedError } from '#libs/kernel';
import {
  edgeAdapterOptions,
  findForm,
  IdempotencyKey,
  IfMatch,
  prepareHttpEdge,
  type HttpEdgeOptions,
  type ProblemDocument,
} from './index.js';

class Line {
  @IsInt() jobs!: number;
}
class Filing {
  @IsString() powerMw!: string;
  @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}

let release: (() => void) | undefined;

@Controller('cases')
class Cases {
  @Post(':id/filings')
  file(@Param('id') id: string, @Body() filing: Filing, @IdempotencyKey() key: string) {
    return { id, filing, key };
  }
  @Put(':id/filings')
  change(@Body() body: unknown, @IfMatch('number') version: number) {
    return { body, version };
  }
  @Get('refused')
  refused() {
    throw new RejectedError(
      reject('refused', 'power-too-large', 'The power is above the declared one.', [
        { pointer: '/powerMw', code: 'too-large', message: 'more than declared' },
      ]),
    );
  }
  @Get('broken')
  broken() {
    throw Object.assign(new Error('select iban from secrets at /srv/app.ts'), { code: '42P01' });
  }
  @Get('away')
  away() {
    throw Object.assign(new Error('connect 10.0.0.1'), { name: 'StoreUnavailableError' });
  }
  @Get('cut')
  cut() {
    throw new Error('Connection terminated unexpectedly');
  }
  @Get('silent')
  silent() {
    throw new Error('Query read timeout');
  }
  @Get('teapot')
  teapot() {
    throw new HttpException('short and stout', 418);
  }
  @Get('slow')
  slow() {
    return new Promise((resolve) => {
      release = () => resolve({ done: true });
    });
  }
}
@Module({ controllers: [Cases] })
class Some {}

const apps: NestFastifyApplication[] = [];
async function start(options: HttpEdgeOptions = {}): Promise<NestFastifyApplication> {
  const module = await Test.createTestingModule({ imports: [Some] }).compile();
  const app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(edgeAdapterOptions), {
    logger: false,
  });
  prepareHttpEdge(app, options);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  apps.push(app);
  return app;
}
afterAll(() => Promise.all(apps.map((app) => app.close())));

let app: NestFastifyApplication;
const failures: unknown[] = [];
beforeAll(async () => {
  app = await start({
    onFailure: (error) => failures.push(error),
    bodyLimit: 2_000,
    forms: true,
    texts: (code, language) => (code === 'not-found' && language === 'ru' ? { title: 'Не найдено' } : undefined),
  });
});

/** What comes back over a connection on which nothing but `bytes` is sent. */
async function sendRaw(bytes: string): Promise<string> {
  listening ??= start().then(async (one) => {
    await one.listen(0, '127.0.0.1');
    return (one.getHttpServer().address() as net.AddressInfo).port;
  });
  const port = await listening;
  return new Promise<string>((resolve, fail) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.end(bytes));
    socket
      .setEncoding('utf8')
      .on('data', (part: string) => (answer += part))
      .on('end', () => resolve(answer))
      .on('error', fail);
  });
}
let listening: Promise<number> | undefined;

type Inject = Exclude<Parameters<NestFastifyApplication['inject']>[0], string | undefined>;
async function ask(options: Inject) {
  const response = await app.inject(options);
  return { response, problem: response.json<ProblemDocument>() };
}
const json = { 'content-type': 'application/json', 'idempotency-key': 'k-1' };

describe('the edge', () => {
  it('lets a right request through', async () => {
    const body = { powerMw: '7.90', lines: [{ jobs: 3 }] };
    const { response } = await ask({ method: 'POST', url: '/cases/7/filings', headers: json, payload: body });
    expect(response.statusCode).toBe(201);
    expect(response.json()).toEqual({ id: '7', filing: body, key: 'k-1' });
  });
  it('answers a rejection with its problem document', async () => {
    const { response, problem } = await ask({ method: 'GET', url: '/cases/refused?iban=KZ1' });
    expect(response.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(problem).toEqual({
      type: 'urn:qadaga:problem:power-too-large',
      title: 'Refused',
      status: 422,
      detail: 'The power is above the declared one.',
      instance: '/cases/refused',
      correlationId: response.headers['x-correlation-id'],
      errors: [{ pointer: '/powerMw', code: 'too-large', detail: 'more than declared' }],
    });
  });
  it('names every wrong field by its pointer, without its value', async () => {
    const payload = { lines: [{ jobs: 'secret' }, { jobs: 1, extra: 1 }], other: 'secret' };
    const { response, problem } = await ask({ method: 'POST', url: '/cases/7/filings', headers: json, payload });
    expect(response.statusCode).toBe(400);
    expect(problem.errors?.map(({ pointer, code }) => `${pointer} ${code}`).sort()).toEqual([
      '/lines/0/jobs is-int',
      '/lines/1/extra unknown-field',
      '/other unknown-field',
      '/powerMw is-string',
    ]);
    expect(response.body).not.toContain('secret');
  });
  it('refuses JSON that would not be kept as sent', async () => {
    const payload = '{"powerMw":"1","powerMw":"2","lines":[{"jobs":9007199254740993}],"__proto__":{}}';
    const { problem } = await ask({ method: 'POST', url: '/cases/7/filings', headers: json, payload });
    expect(problem).toMatchObject({ status: 400, type: 'urn:qadaga:problem:malformed-json' });
    expect(problem.errors?.map(({ code }) => code)).toEqual(['duplicate-key', 'number-not-exact', 'forbidden-key']);
    const notText = await ask({
      method: 'PUT',
      url: '/cases/7/filings',
      headers: json,
      payload: Buffer.from([0x22, 0xff, 0x22]),
    });
    expect(notText.problem.errors?.[0]?.code).toBe('not-utf-8');
    const empty = await ask({ method: 'PUT', url: '/cases/7/filings', headers: json, payload: '' });
    expect(empty.problem.errors?.[0]?.code).toBe('syntax');
  });
  it.each([
    ['an unknown path', { method: 'GET', url: '/nothing' }, 404, 'not-found', {}],
    [
      'a known path with another method',
      { method: 'DELETE', url: '/cases/7/filings' },
      405,
      'method-not-allowed',
      { allow: 'POST, PUT' },
    ],
    [
      'a body that is too large',
      { method: 'POST', url: '/cases/7/filings', headers: json, payload: `"${'x'.repeat(3_000)}"` },
      413,
      'payload-too-large',
      {},
    ],
    [
      'another kind of body',
      { method: 'POST', url: '/cases/7/filings', headers: { 'content-type': 'text/plain' }, payload: 'x' },
      415,
      'unsupported-media-type',
      {},
    ],
    ['a path that cannot be decoded', { method: 'GET', url: '/cases/%ff' }, 400, 'bad-request', {}],
    [
      'a part of the path that is too long',
      { method: 'POST', url: `/cases/${'x'.repeat(201)}/filings` },
      414,
      'uri-too-long',
      {},
    ],
    [
      'a missing key',
      {
        method: 'POST',
        url: '/cases/7/filings',
        headers: { 'content-type': 'application/json' },
        payload: { powerMw: '1', lines: [] },
      },
      400,
      'malformed-header',
      {},
    ],
    [
      'a missing If-Match',
      { method: 'PUT', url: '/cases/7/filings', headers: json, payload: '1' },
      428,
      'precondition-required',
      {},
    ],
    ['a store that is away', { method: 'GET', url: '/cases/away' }, 503, 'unavailable', { 'retry-after': '1' }],
    ['a connection that was cut', { method: 'GET', url: '/cases/cut' }, 503, 'unavailable', { 'retry-after': '1' }],
    ['a server that fell silent', { method: 'GET', url: '/cases/silent' }, 503, 'unavailable', { 'retry-after': '1' }],
    ['another exception of Nest', { method: 'GET', url: '/cases/teapot' }, 418, 'bad-request', {}],
  ] as const)('answers %s with a problem document', async (_, request, status, code, headers) => {
    const { response, problem } = await ask(request as Inject);
    expect(problem).toMatchObject({ status, type: `urn:qadaga:problem:${code}` });
    expect(response.statusCode).toBe(status);
    expect(response.headers).toMatchObject({ 'content-type': 'application/problem+json; charset=utf-8', ...headers });
  });
  it('tells the correlation id of a failure and nothing else, and reports the failure', async () => {
    failures.length = 0;
    const { response, problem } = await ask({
      method: 'GET',
      url: '/cases/broken',
      headers: { 'x-correlation-id': 'from-the-erp.7' },
    });
    expect(problem).toMatchObject({
      status: 500,
      correlationId: 'from-the-erp.7',
      type: 'urn:qadaga:problem:internal',
    });
    expect(response.body).not.toMatch(/select|iban|srv|Error:|42P01/);
    expect(failures).toHaveLength(1);
  });
  it('takes a sane correlation id and draws one instead of another', async () => {
    for (const [given, kept] of [
      ['abcdefgh-1', true],
      ['short', false],
      ['evil id with blanks', false],
      ['x'.repeat(129), false],
    ] as const) {
      const { response } = await ask({ method: 'GET', url: '/nothing', headers: { 'x-correlation-id': given } });
      const id = response.headers['x-correlation-id'];
      expect(id === given).toBe(kept);
      expect(id).toMatch(/^[\w.-]{8,}$/);
    }
  });
  it('sends the headers that keep browsers careful', async () => {
    const careful = {
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    };
    // The last two never reach a hook.
    for (const url of ['/nothing', '/cases/refused', '/cases/broken', '/cases/%ff', `/cases/${'x'.repeat(201)}`])
      expect((await ask({ method: 'GET', url })).response.headers).toMatchObject(careful);
    const text = await sendRaw('NOT HTTP AT ALL\r\n\r\n');
    for (const [name, value] of Object.entries(careful))
      expect(text.toLowerCase()).toContain(`${name}: ${value}`.toLowerCase());
  });
  it('tells browsers to keep to TLS where it is reached over TLS, and only there', async () => {
    expect((await ask({ method: 'GET', url: '/nothing' })).response.headers).not.toHaveProperty(
      'strict-transport-security',
    );
    const behindTls = await start({ tls: true });
    const { headers } = await behindTls.inject({ method: 'GET', url: '/nothing' });
    expect(headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains');
  });
  it('lets no page of another origin read an answer, and knows no method for looking around', async () => {
    const origin = { origin: 'https://elsewhere.example' };
    const asked = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' };
    for (const request of [
      { method: 'GET', url: '/cases/refused', headers: origin },
      { method: 'OPTIONS', url: '/cases/7/filings', headers: { ...origin, ...asked } },
    ] as const) {
      const { headers } = await app.inject(request);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
    expect((await app.inject({ method: 'OPTIONS', url: '/cases/7/filings' })).statusCode).toBe(405);
    expect(await sendRaw('TRACE /cases/7/filings HTTP/1.1\r\nHost: x\r\nX-Secret: hush\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 40[045] (?![^]*hush)/,
    );
  });
  it.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\n"abc"'],
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n"abc"\r\n0\r\n\r\n'],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, identity\r\n\r\n5\r\n"abc"\r\n0\r\n\r\n'],
    ['a header that ends in a bare line feed', 'X-One: 1\nX-Two: 2\r\nContent-Length: 5\r\n\r\n"abc"'],
  ])('refuses a request whose end could be read in two ways: %s', async (_, rest) => {
    const text = await sendRaw(`PUT /cases/7/filings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}`);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
  });
  it('speaks the language of the reader where the words are known', async () => {
    const headers = { 'accept-language': 'ru-KZ,ru;q=0.9,en;q=0.5' };
    expect((await ask({ method: 'GET', url: '/nothing', headers })).problem.title).toBe('Не найдено');
    expect((await ask({ method: 'GET', url: '/cases/refused', headers })).problem.title).toBe('Refused');
  });
  it('takes forms where they are wanted', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'if-match': '"3"' };
    const { response } = await ask({
      method: 'PUT',
      url: '/cases/7/filings',
      headers,
      payload: 'a=1&b=x&b=%D0%B8%CC%86',
    });
    expect(response.json()).toEqual({ body: { a: '1', b: ['x', 'й'] }, version: 3 });
    expect(findForm('__proto__=1&x=%00')).toMatchObject({
      ok: false,
      faults: [{ code: 'forbidden-key' }, { code: 'nul-character' }],
    });
  });
  it('says that it does not know, rather than nothing, when an answer is long in coming', async () => {
    const hasty = await start({ answerWithinMs: 50 });
    const answer = await hasty.inject({ method: 'GET', url: '/cases/slow' });
    expect([answer.statusCode, answer.headers['retry-after'], answer.json<ProblemDocument>().type]).toEqual([
      503,
      '1',
      'urn:qadaga:problem:unavailable',
    ]);
    release?.();
    release = undefined;
  });

  it('turns away what is more than it can serve, and serves again afterwards', async () => {
    const small = await start({ maxInFlight: 1 });
    const first = small.inject({ method: 'GET', url: '/cases/slow' });
    while (release === undefined) await new Promise(setImmediate);
    const second = await small.inject({ method: 'GET', url: '/cases/refused' });
    expect([second.statusCode, second.headers['retry-after'], second.json<ProblemDocument>().type]).toEqual([
      503,
      '1',
      'urn:qadaga:problem:overloaded',
    ]);
    release();
    expect((await first).statusCode).toBe(200);
    expect((await small.inject({ method: 'GET', url: '/cases/refused' })).statusCode).toBe(422);
  });
  it('answers what is not HTTP with a problem document too', async () => {
    const text = await sendRaw('NOT HTTP AT ALL\r\n\r\n');
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(text.split('\r\n\r\n')[1]!)).toMatchObject({
      status: 400,
      type: 'urn:qadaga:problem:bad-request',
    });
  });
  it('runs a request with a body under its correlation id', async () => {
    const seen: string[] = [];
    const one = await start({
      within: ({ correlationId }, next) => {
        seen.push(correlationId);
        next();
      },
    });
    await one.inject({
      method: 'POST',
      url: '/cases/7/filings',
      headers: { ...json, 'x-correlation-id': 'corr-0001' },
      payload: {},
    });
    expect(seen).toEqual(['corr-0001', 'corr-0001']);
  });
});
