import { RejectedError, reject, unobserved, type Activity } from '#libs/kernel';
import { correlationId, withCorrelation } from '#libs/platform';
import { createMetrics, createTelemetry, type GaugeReading } from './index.js';

const valueOf = (text: string, line: string) => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};
const activity = (more: Partial<Activity> = {}): Activity => ({
  kind: 'job',
  name: 'sweep',
  origins: [{ meta: { correlationId: 'c-1' } }],
  ...more,
});

describe('the metrics', () => {
  it('count requests and work by fixed words', async () => {
    const metrics = createMetrics();
    metrics.request('POST', '/api/v1/terminations', 201, 0.003);
    metrics.request('POST', '/api/v1/terminations', 201, 0.3);
    metrics.activity(activity({ kind: 'append', name: 'append', facts: 3 }), 'done', 0.002);
    metrics.activity(activity({ kind: 'append', name: 'append', facts: 9 }), 'failed', 0.002);
    const text = await metrics.text();
    const route = 'method="POST",route="/api/v1/terminations",status="201"';
    expect(valueOf(text, `qadaga_http_request_duration_seconds_count{${route}}`)).toBe(2);
    expect(valueOf(text, `qadaga_http_request_duration_seconds_bucket{le="0.005",${route}}`)).toBe(1);
    expect(valueOf(text, 'qadaga_facts_total{kind="append"}')).toBe(3);
    expect(valueOf(text, 'qadaga_append_duration_seconds_count{name="append",outcome="failed"}')).toBe(1);
    expect(text).toContain('process_resident_memory_bytes ');
    expect(text).toContain('nodejs_eventloop_lag_seconds ');
  });

  it('leave out a group that fails or hangs, say so, and give the others', async () => {
    const metrics = createMetrics({ timeoutMs: 20 });
    metrics.add([
      { name: 'well', read: async () => [{ name: 'qadaga_overdue_notices', value: 4 }] },
      { name: 'broken', read: async () => Promise.reject(new Error('no database')) },
      { name: 'stuck', read: () => new Promise<never>(() => {}) },
    ]);
    const text = await metrics.text();
    expect(valueOf(text, 'qadaga_overdue_notices')).toBe(4);
    expect(valueOf(text, 'qadaga_readings_up{group="well"}')).toBe(1);
    expect(valueOf(text, 'qadaga_readings_up{group="broken"}')).toBe(0);
    expect(valueOf(text, 'qadaga_readings_up{group="stuck"}')).toBe(0);
  });

  it('show no value of yesterday: what is not read any more is gone, not zero', async () => {
    let readings: GaugeReading[] = [
      { name: 'qadaga_legal_deadline_hours', labels: { of: 'notice' }, value: 20 },
      { name: 'qadaga_sweep_age_seconds', value: 7 },
    ];
    const metrics = createMetrics({ cacheMs: 0 });
    metrics.add([{ name: 'all', read: async () => readings }]);
    expect(valueOf(await metrics.text(), 'qadaga_legal_deadline_hours{of="notice"}')).toBe(20);
    readings = [];
    const text = await metrics.text();
    expect(valueOf(text, 'qadaga_legal_deadline_hours{of="notice"}')).toBeUndefined();
    expect(valueOf(text, 'qadaga_sweep_age_seconds')).toBeUndefined();
  });

  it('ask once for many scrapers', async () => {
    let asked = 0;
    const metrics = createMetrics({ cacheMs: 60_000 });
    metrics.add([{ name: 'counted', read: async () => [{ name: 'qadaga_overdue_notices', value: ++asked }] }]);
    await Promise.all([metrics.text(), metrics.text()]);
    expect(valueOf(await metrics.text(), 'qadaga_overdue_notices')).toBe(1);
    expect(asked).toBe(1);
  });
});

describe('work that is watched', () => {
  it('answers and fails as it does unwatched', async () => {
    const { observe } = createTelemetry({ metrics: createMetrics() });
    for (const one of [observe, unobserved]) {
      await expect(one(activity(), async () => 7)).resolves.toBe(7);
      await expect(one(activity(), async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    }
  });

  it('is told apart: done, refused, failed', async () => {
    const metrics = createMetrics();
    const { observe } = createTelemetry({ metrics });
    await observe(activity(), async () => {});
    for (const error of [new RejectedError(reject('refused', 'too-late', 'no')), new Error('broken')])
      await expect(observe(activity(), () => Promise.reject(error))).rejects.toBe(error);
    const text = await metrics.text();
    for (const outcome of ['done', 'refused', 'failed'])
      expect(valueOf(text, `qadaga_job_duration_seconds_count{name="sweep",outcome="${outcome}"}`)).toBe(1);
  });

  it('stands under the correlation of what it goes back to; of several, under none of them', async () => {
    const { observe } = createTelemetry({ metrics: createMetrics() });
    const from = (...ids: string[]) => activity({ origins: ids.map((id) => ({ meta: { correlationId: id } })) });
    const seen = (one: Activity) => observe(one, async () => correlationId());
    await expect(seen(from('c-1'))).resolves.toBe('c-1');
    await expect(seen(from('c-1', 'c-1'))).resolves.toBe('c-1');
    await expect(seen(from('c-1', 'c-2'))).resolves.toBeUndefined();
    await withCorrelation({ correlationId: 'around' }, async () => {
      await expect(seen(from())).resolves.toBe('around');
      await expect(seen(from('c-1'))).resolves.toBe('c-1');
      expect(correlationId()).toBe('around');
    });
  });
});
