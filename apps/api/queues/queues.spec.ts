import {
  createPostgresJobQueue,
  createRedisJobQueue,
  HopelessJobError,
  processor,
  type WatchedJobQueue,
} from '#libs/jobs';
import { drawUuid } from '#libs/kernel';
import { eventually } from '../../../libs/jobs/test-support/arrivals.js';
import { findRedisServer, startRedisServer } from '../../../libs/jobs/test-support/redis-server.js';
import { startTestApi, type TestApi } from '../testing/testing-api.js';

jest.setTimeout(60_000);

let api: TestApi;
let queue: WatchedJobQueue;
let askedFor = 0;
beforeAll(async () => {
  const queueBoard = async () => {
    askedFor++;
    return queue.board();
  };
  api = await startTestApi({ queueBoard });
});
afterAll(() => api.close());

const look = (path: string, as: 'administrator' | 'nobody' = 'administrator', headers = {}) =>
  api.ask('GET', `/api/queues${path}`, { as, headers });

function board(): void {
  it('shows what the queues hold: jobs that wait, jobs that failed and why, the schedule', async () => {
    const noticeId = drawUuid();
    await queue.enqueue('deliver-notice', { noticeIds: [noticeId] }, { jobId: `notice-${noticeId}`, delayMs: 60_000 });
    await queue.enqueue('send-alert', { caseId: drawUuid(), alertId: drawUuid() }, { jobId: 'alert-1' });
    await queue.ensureSchedule('sweep', 60_000);
    const swept = async () => {};
    await queue.work([
      processor('sweep', swept),
      processor('deliver-notice', swept),
      processor('send-alert', async () => {
        throw new HopelessJobError('550 no such mailbox: filings@example.kz');
      }),
      processor('follow-order', swept),
    ]);
    await eventually(async () => (await queue.depth())['send-alert'].failed === 1);

    const { status, body } = await look('/api/queues?activeQueue=send-alert&status=failed&page=1&jobsPerPage=10');
    expect(status).toBe(200);
    const shown = (name: string) => body.queues.find((one: { name: string }) => one.name === name);
    expect(body.queues.map(({ name }: { name: string }) => name).sort()).toEqual(
      ['sweep', 'deliver-notice', 'send-alert', 'follow-order'].sort(),
    );
    for (const one of body.queues) expect(one).toMatchObject({ readOnlyMode: true, type: 'bullmq' });
    expect(shown('deliver-notice').counts.delayed).toBe(1);
    expect(shown('send-alert').jobs).toMatchObject([
      { id: 'alert-1', data: { alertId: expect.any(String) }, failedReason: '550 no such mailbox: [e-mail]' },
    ]);
    expect(JSON.stringify(body)).not.toMatch(/\.ts:|\bat \w+ \(/);
    const schedulers = await look('/api/job-schedulers');
    expect(JSON.stringify(schedulers.body)).toContain('sweep');
    const job = await look(`/api/queues/deliver-notice/notice-${noticeId}`);
    expect(job.body).toMatchObject({ job: { data: { noticeIds: [noticeId] } }, status: 'delayed' });
    expect((await look('/api/redis/stats')).status).toBe(200);
    expect((await look('/api/queues/deliver-notice/workers')).status).toBe(200);
    expect((await look('/api/queues/unheard-of/workers')).status).toBe(404);
  });

  it('changes nothing', async () => {
    const before = await queue.depth();
    for (const [method, path] of [
      ['PUT', '/api/queues/send-alert/alert-1/retry'],
      ['PUT', '/api/queues/send-alert/empty'],
      ['PUT', '/api/queues/pause'],
      ['POST', '/api/queues/sweep/add'],
    ] as const) {
      const { status } = await api.ask(method, `/api/queues${path}`, { as: 'administrator', body: {} });
      expect([path, status]).toEqual([path, 405]);
    }
    expect(await queue.depth()).toEqual(before);
  });
}

describe('the board of the queues', () => {
  describe('on PostgreSQL', () => {
    beforeAll(() => {
      queue = createPostgresJobQueue({ config: api.opened.databases.app });
    });
    afterAll(() => queue.close());
    board();

    it('is a page that loads nothing from elsewhere and runs no script of its own', async () => {
      for (const path of ['', '/', '/queue/sweep', '/queue/sweep/some-job', '/job-schedulers']) {
        const { status, headers, raw } = await look(path);
        expect([path, status]).toEqual([path, 200]);
        const policy = String(headers['content-security-policy']);
        expect(policy).toContain("script-src 'self';");
        expect(policy).not.toMatch(/script-src[^;]*unsafe/);
        const page = raw.toString();
        expect(page).toContain('<base href="/api/queues/" />');
        expect(page).not.toMatch(/https?:|<%|<script(?![^>]*(src="static|type="application\/json"))/);
        for (const [, file] of page.matchAll(/(?:src|href)="(static\/[^"]+)"/g)) {
          const served = await look(`/${file}`);
          expect([file, served.status]).toEqual([file, 200]);
          expect(served.raw.length).toBeGreaterThan(100);
        }
      }
      for (const path of ['/static/../package.json', '/static/%2e%2e/index.ejs', '/static/js', '/elsewhere', '/%E0'])
        expect((await look(path)).status).toBeGreaterThanOrEqual(400);
    });
  });

  it('opens to an administrator alone, also with the key as a password', async () => {
    const asked = askedFor;
    for (const as of ['operator', 'auditor', 'case-officer', 'energy-body'] as const)
      for (const path of ['', '/api/queues', '/static/images/logo.svg'])
        expect((await api.ask('GET', `/api/queues${path}`, { as })).status).toBe(403);
    const none = await look('', 'nobody');
    expect([none.status, none.headers['www-authenticate']]).toEqual([401, expect.stringContaining('Basic')]);
    expect(askedFor).toBe(asked);
    const password = Buffer.from(`anybody:${api.keys['administrator']}`).toString('base64');
    expect((await look('', 'nobody', { authorization: `Basic ${password}` })).status).toBe(200);
  });

  const redis = findRedisServer();
  if (!redis && process.env['QADAGA_REQUIRE'] === 'all')
    it('finds redis-server', () => {
      throw new Error('QADAGA_REQUIRE=all, and there is no redis-server on the PATH');
    });
  (redis ? describe : describe.skip)('on Redis (needs redis-server)', () => {
    let server: Awaited<ReturnType<typeof startRedisServer>>;
    beforeAll(async () => {
      server = await startRedisServer();
      queue = createRedisJobQueue({ url: server.url });
    });
    afterAll(async () => {
      await queue.close();
      await server.stop();
    });
    board();
  });
});
