import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Activity } from '#libs/kernel';
import { gaugeTable, type GaugeName, type GaugeReading } from './gauge-table.js';

/** Readings that are asked for together, and fail together. */
export interface GaugeGroup {
  readonly name: string;
  readonly read: () => Promise<readonly GaugeReading[]>;
}

export interface Metrics {
  request(method: string, route: string, status: number, seconds: number): void;
  activity(activity: Activity, outcome: Outcome, seconds: number): void;
  /** More to be read when somebody looks. */
  add(groups: readonly GaugeGroup[]): void;
  /** Everything in Prometheus' text format. A group that fails or is late is left out, and said to be down. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The names of all there is, for who writes rules about them. */
  names(): readonly string[];
}

export type Outcome = 'done' | 'refused' | 'failed';

export interface MetricsOptions {
  /** How old a reading may be that is given again; several scrapers cost no more than one. Default 5 s. */
  readonly cacheMs?: number;
  /** How long a scrape waits for the readings. Default 3 s. */
  readonly timeoutMs?: number;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics({ cacheMs = 5_000, timeoutMs = 3_000 }: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const histogram = (name: string, help: string, labelNames: readonly string[]) =>
    timed(new Histogram({ name, help, labelNames, buckets, registers }));

  const requests = histogram('qadaga_http_request_duration_seconds', 'HTTP requests, by the pattern of their route', [
    'method',
    'route',
    'status',
  ]);
  const work = {
    command: histogram('qadaga_command_duration_seconds', 'Commands that came over HTTP', ['name', 'outcome']),
    append: histogram('qadaga_append_duration_seconds', 'Appends to the log, the wait for their batch included', [
      'name',
      'outcome',
    ]),
    projection: histogram('qadaga_projection_duration_seconds', 'Batches of facts folded into the read models', [
      'name',
      'outcome',
    ]),
    policy: histogram('qadaga_policy_duration_seconds', 'What policies asked for, performed', ['name', 'outcome']),
    job: histogram('qadaga_job_duration_seconds', 'Jobs run', ['name', 'outcome']),
  };
  const facts = new Counter({
    name: 'qadaga_facts_total',
    help: 'Facts appended, and folded into read models',
    labelNames: ['kind'],
    registers,
  });
  const gauges = new Map(
    (Object.keys(gaugeTable) as GaugeName[]).map((name) => {
      const { help, labels = [] } = gaugeTable[name] as { help: string; labels?: readonly string[] };
      return [name, new Gauge({ name, help, labelNames: labels, registers })];
    }),
  );
  const up = new Gauge({
    name: 'qadaga_readings_up',
    help: '1 when a group of readings from the tables could be taken',
    labelNames: ['group'],
    registers,
  });
  const readings: GaugeGroup[] = [];

  async function takeReadings(): Promise<void> {
    const taken = await Promise.all(
      readings.map(async ({ name, read }) => [name, await within(read(), timeoutMs)] as const),
    );
    for (const [name, gauge] of gauges) {
      // Nothing to say is no zero, at which a gauge without labels would stand after a reset.
      if ('labels' in gaugeTable[name]) gauge.reset();
      else gauge.remove();
    }
    for (const [group, values] of taken) {
      up.set({ group }, values === undefined ? 0 : 1);
      for (const { name, value, labels = {} } of values ?? []) gauges.get(name)!.set(labels, value);
    }
  }

  return {
    request: (method, route, status, seconds) => requests(seconds, method, route, String(status)),
    activity: ({ kind, name, facts: count }, outcome, seconds) => {
      work[kind](seconds, name, outcome);
      if (count !== undefined && outcome === 'done') facts.inc({ kind }, count);
    },
    text: async () => {
      await takeReadings();
      return registry.metrics();
    },
    add: (groups) => void readings.push(...groups.map((group) => kept(group, cacheMs))),
    contentType: registry.contentType,
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
  };
}

/** Finding a child by its labels costs more than counting into it, so each is looked for once. */
function timed(histogram: Histogram): (seconds: number, ...labels: string[]) => void {
  const children = new Map<string, Histogram.Internal<string>>();
  return (seconds, ...labels) => {
    const key = labels.join('\n');
    let child = children.get(key);
    if (child === undefined) children.set(key, (child = histogram.labels(...labels)));
    child.observe(seconds);
  };
}

/** Asks again when the last answer is older than `cacheMs`, and never twice at a time. */
function kept({ name, read }: GaugeGroup, cacheMs: number): GaugeGroup {
  let last: { readonly at: number; readonly values: readonly GaugeReading[] } | undefined;
  let asking: Promise<readonly GaugeReading[]> | undefined;
  return {
    name,
    read: async () => {
      if (last !== undefined && performance.now() - last.at < cacheMs) return last.values;
      asking ??= read().finally(() => (asking = undefined));
      const values = await asking;
      last = { at: performance.now(), values };
      return values;
    },
  };
}

async function within<T>(answer: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(() => resolve(undefined), ms)));
  try {
    return await Promise.race([answer.catch(() => undefined), late]);
  } finally {
    clearTimeout(timer);
  }
}
