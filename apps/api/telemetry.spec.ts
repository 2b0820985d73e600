import { openTelemetry, type ProcessTelemetry } from '#libs/assembly';
import type { RecordedFact } from '#libs/event-store';
import { createLogger, loadConfig, nestLogger } from '#libs/platform';
import { startOtlpCollector, type CollectedSpan, type OtlpCollector } from './testing/otlp-collector.js';
import { ownBin, startTestApi, type TestApi } from './testing/testing-api.js';

jest.setTimeout(60_000);

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const outside = '00f067aa0ba902b7';
const headers = { traceparent: `00-${traceId}-${outside}-01`, 'x-correlation-id': 'corr-of-the-filing' };
const iban = 'KZ86125KZT5004100100';
const mail = 'office@qadaga.kz';
const place = { region: '55', address: 'Екібастұз қ., Энергетиктер көшесі, 12' };
const appeal = {
  newCase: { operatorBin: ownBin, caseRef: 'DC-1', ...place },
  powerMw: '7.90',
  equipmentInvestmentKzt: '125000000',
  bankIban: iban,
  bankBic: 'HSBKKZKX',
  designStartOn: '2021-06-01',
};
const metricsToken = 'a-token-of-the-metrics-alone';

let collector: OtlpCollector;
let telemetry: ProcessTelemetry;
let api: TestApi;
const lines: string[] = [];
const facts: RecordedFact[] = [];
let spans: readonly CollectedSpan[];
let metricsBefore: string;

const scrape = async () => (await api.ask('GET', '/metrics', { as: 'administrator' })).raw.toString('utf8');

beforeAll(async () => {
  collector = await startOtlpCollector();
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = collector.url;
  const logger = createLogger({ destination: { write: (line: string) => void lines.push(line) } });
  telemetry = await openTelemetry(loadConfig(), 'qadaga', logger, { cacheMs: 0 });
  api = await startTestApi({
    telemetry,
    metricsToken,
    logger: nestLogger(logger),
    edge: { onFailure: (error) => logger.error({ err: error }, 'a request failed') },
    onFault: (error) => logger.error({ err: error }, 'the deadline engine met a fault'),
  });
  const { opened } = api;
  await api.ask('POST', '/api/v1/operators', {
    body: { bin: ownBin, name: 'ТОО «Пример»', language: 'ru', contacts: { emails: [mail], phones: [] } },
  });
  await opened.catchUp();
  const filed = await api.ask('POST', '/api/v1/planned-constructions', { body: appeal, headers });
  expect(filed.status).toBe(201);
  await opened.catchUp();
  metricsBefore = await scrape();
  await api.settle();

  // A request and a job that fail, and say what they should not.
  const { writePath } = opened.house;
  const { execute } = writePath;
  writePath.execute = ((given: Parameters<typeof execute>[0]) =>
    (given.command as { type?: string }).type === 'RecordNoticeSent' || given.stream.startsWith('caseWork-')
      ? Promise.reject(new Error(`no room for ${iban} of ${mail}`))
      : execute.call(writePath, given)) as typeof execute;
  const { caseId } = filed.body as { caseId: string };
  // Not by `ask`, which takes no 500 for an answer.
  const failed = await api.app.inject({
    method: 'POST',
    url: `/api/v1/cases/${caseId}/notes`,
    headers: {
      authorization: `Bearer ${api.keys['case-officer']}`,
      'idempotency-key': 'note-0001',
      'x-correlation-id': 'corr-of-the-note',
    },
    payload: { text: 'x' },
  });
  expect(failed.statusCode).toBe(500);
  await api.ask('POST', '/api/v1/planned-constructions', {
    body: { ...appeal, newCase: { ...appeal.newCase, caseRef: 'DC-2' } },
    headers: { 'x-correlation-id': 'corr-of-another' },
  });
  await api.settle();
  for await (const batch of opened.store.readAll()) facts.push(...batch);
  await telemetry.stop();
  spans = collector.spans();
});
afterAll(async () => {
  delete process.env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  await api.close();
  await collector.close();
});

const traced = () => spans.filter((span) => span.traceId === traceId);
const named = (name: string) => {
  const found = traced().filter((span) => span.name === name);
  expect([name, found.length]).toEqual([name, 1]);
  return found[0]!;
};
const childrenOf = (span: CollectedSpan) => traced().filter(({ parentSpanId }) => parentSpanId === span.spanId);

describe('a filing, traced', () => {
  it('goes on in its sender’s trace, from the request to the job that delivers its notice', () => {
    const request = named('POST /api/v1/planned-constructions');
    expect(request).toMatchObject({ parentSpanId: outside, kind: 2 });
    expect(request.attributes).toMatchObject({
      'http.route': '/api/v1/planned-constructions',
      'http.response.status_code': 201,
    });
    const command = named('command FilePlannedConstruction');
    expect(command.parentSpanId).toBe(request.spanId);
    const inform = named('policy inform-energy-body-of-filing');
    expect(
      childrenOf(command)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['append', inform.name, 'projection read-models']);
    expect(childrenOf(inform).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['append', 'policy queue-issued-notice']),
    );
    const job = named('job deliver-notice');
    expect(job.parentSpanId).toBe(inform.spanId);
    expect(childrenOf(job).map(({ name }) => name)).toEqual(expect.arrayContaining(['append']));
    expect(traced().every(({ status }) => status === 0)).toBe(true);
  });

  it('is found by its id in the facts, and all it led to stands under its correlation', () => {
    const ofFiling = facts.filter(({ meta }) => meta.correlationId === headers['x-correlation-id']);
    expect(ofFiling.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['CaseOpened', 'PlannedConstructionFiled', 'NoticeIssued', 'NoticeQueued', 'NoticeSent']),
    );
    const ids = new Map(spans.map((span) => [`00-${span.traceId}-${span.spanId}-01`, span.name]));
    const carried = Object.fromEntries(ofFiling.map(({ type, meta }) => [type, ids.get(meta.traceparent ?? '')]));
    expect(carried).toMatchObject({
      PlannedConstructionFiled: 'command FilePlannedConstruction',
      NoticeIssued: 'policy inform-energy-body-of-filing',
      NoticeQueued: 'policy inform-energy-body-of-filing',
      NoticeSent: 'job deliver-notice',
    });
    // The fact a fact comes from.
    const issued = ofFiling.find(({ type }) => type === 'NoticeIssued')!;
    const filing = ofFiling.find(({ type }) => type === 'PlannedConstructionFiled')!;
    expect(issued.meta.causationId).toBe(filing.id);
  });

  it('says what failed by the kind of the fault and no more', () => {
    const failed = spans.filter(({ status }) => status === 2);
    expect(failed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['POST /api/v1/cases/:caseId/notes', 'command AddNote', 'job deliver-notice']),
    );
    for (const { attributes } of failed) expect(attributes['error.type'] ?? 'Error').toBe('Error');
  });

  it('names nobody: no BIN, no account, no address, no reference, no id', () => {
    expect(spans.length).toBeGreaterThan(15);
    const ids = facts.flatMap(({ id, stream, meta }) => [
      id,
      stream,
      meta.commandId,
      meta.correlationId,
      meta.actor.id,
    ]);
    const secrets = [ownBin, iban, mail, 'HSBKKZKX', 'Пример', place.address, 'DC-1', metricsToken, 'no room for'];
    const found = [...secrets, ...ids.filter((one) => one !== 'qadaga')].filter((one) => collector.raw().includes(one));
    expect(found).toEqual([]);
  });
});

describe('a log line', () => {
  const parsed = () =>
    lines.map(
      (line) =>
        JSON.parse(line) as { msg: string; correlationId?: string; traceId?: string; err?: { message: string } },
    );

  it('of a request, and of the job it led to, carries the correlation of the request', () => {
    const failures = parsed().filter(({ err }) => err?.message.startsWith('no room'));
    expect(failures.map(({ msg, correlationId }) => [msg, correlationId])).toEqual([
      ['a request failed', 'corr-of-the-note'],
      ['the deadline engine met a fault', 'corr-of-another'],
    ]);
    for (const { traceId: id } of failures) expect(id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('holds nothing that should not have been said', () => {
    for (const text of [iban, mail, ownBin, 'Пример', place.address]) expect(lines.join('')).not.toContain(text);
  });
});

describe('/metrics', () => {
  const value = (text: string, line: string) => {
    const found = text.split('\n').find((one) => one.startsWith(`${line} `));
    return found === undefined ? undefined : Number(found.slice(line.length + 1));
  };

  it('tell how the house is', async () => {
    for (const group of ['registers', 'projections', 'engine', 'queue', 'clock'])
      expect([group, value(metricsBefore, `qadaga_readings_up{group="${group}"}`)]).toEqual([group, 1]);
    expect(value(metricsBefore, 'qadaga_projection_lag_facts{read_model="cases"}')).toBe(0);
    expect(value(metricsBefore, 'qadaga_projector_active')).toBe(1);
    expect(value(metricsBefore, 'qadaga_queue_jobs{queue="deliver-notice",state="waiting"}')).toBe(0);
    expect(value(metricsBefore, 'qadaga_append_duration_seconds_count{name="append",outcome="done"}')).toBe(2);
    // Nobody has told the energy body of the second filing, whose job fails.
    const after = await scrape();
    expect(value(after, 'qadaga_undelivered_notices{situation="queued"}')).toBe(1);
    expect(value(after, 'qadaga_outbox_age_seconds{kind="notice"}')).toBe(0);
    // From 11:00 of Monday the 5th to the end of Monday the 12th: the fifth day is a Saturday.
    expect(value(after, 'qadaga_legal_deadline_hours{of="notice"}')).toBe(181);
    expect(value(after, 'qadaga_legal_deadlines_within_day{of="notice"}')).toBe(0);
    api.clock.set('2021-04-12T12:00:00Z');
    const later = await scrape();
    expect(value(later, 'qadaga_legal_deadlines_within_day{of="notice"}')).toBe(1);
    expect(value(later, 'qadaga_outbox_age_seconds{kind="notice"}')).toBe(7 * 86_400 + 7 * 3600);
    api.clock.set('2021-04-12T20:00:00Z');
    expect(value(await scrape(), 'qadaga_overdue_notices')).toBe(1);
  });

  it('open to an administrator, an auditor and the scraper’s token, which opens nothing else', async () => {
    for (const as of ['administrator', 'auditor'] as const)
      expect((await api.ask('GET', '/metrics', { as })).status).toBe(200);
    for (const as of ['operator', 'energy-body', 'senior-officer'] as const)
      expect((await api.ask('GET', '/metrics', { as })).status).toBe(403);
    const by = (token: string, url = '/metrics') =>
      api.ask('GET', url, { as: 'nobody', headers: { authorization: `Bearer ${token}` } });
    expect((await api.ask('GET', '/metrics', { as: 'nobody' })).status).toBe(401);
    expect((await by(metricsToken)).status).toBe(200);
    expect((await by(`${metricsToken}x`)).status).toBe(401);
    expect((await by(metricsToken, '/api/v1/system')).status).toBe(401);
  });
});
