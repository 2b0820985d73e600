import { msOf, type Instant } from '#libs/kernel';
import type { Engine } from '#libs/engine';
import { factsBehind } from '#libs/read-models';
import type { GaugeGroup, GaugeReading } from '#libs/telemetry';
import { clockSkewMs } from './clock-skew.js';
import type { OpenedHouse } from './house.js';
import { stoodDown } from './leading.js';

/** Counting stops there: more would not be looked at one by one anyway. */
const enough = 10_000;

const unsent = `situation in ('issued', 'queued', 'failed') and sent_at is null`;
const unmet = `status = 'open'`;
/** An index has the due days only; the instant at which one ends is less than two days away from it in any zone. */
const dueAround = (from: string, until: string) =>
  `coalesce(due_on, date '9999-12-31') between ${from}::date - 2 and ${until}::date + 2`;

const registersSql = `select
  (select extract(epoch from $1::timestamptz - min(issued_at)) from read.notice where ${unsent}) as notice_age,
  (select extract(epoch from $1::timestamptz - min(raised_at)) from read.alert where situation in ('raised', 'failed')) as alert_age,
  (select count(*) from (select 1 from read.alert where situation in ('raised', 'failed') limit ${enough}) a) as unsent_alerts,
  (select jsonb_object_agg(situation, n) from (
    select situation, count(*) as n from (select situation from read.notice where ${unsent} limit ${enough}) n group by 1) s) as notices,
  (select count(*) from read.notice where ${unsent} and ends_at <= $1) as overdue,
  (select extract(epoch from min(ends_at) - $1::timestamptz) from read.notice where ${unsent} and ends_at > $1) as notice_left,
  (select count(*) from read.notice where ${unsent} and ends_at > $1 and ends_at <= $2) as notices_soon,
  (select extract(epoch from ends_at - $1::timestamptz) from read.obligation
    where ${unmet} and ends_at > $1 and ${dueAround('$1::timestamptz', "date '9000-01-01'")}
    order by coalesce(due_on, date '9999-12-31'), obligation_id limit 1) as obligation_left,
  (select count(*) from (select 1 from read.obligation where ${unmet} and ends_at > $1 and ends_at <= $2
    and ${dueAround('$1::timestamptz', '$2::timestamptz')} limit ${enough}) o) as obligations_soon`;

type Figure = string | number | null;
interface RegistersRow {
  readonly notice_age: Figure;
  readonly alert_age: Figure;
  readonly unsent_alerts: Figure;
  readonly notices: { readonly [situation: string]: number } | null;
  readonly overdue: Figure;
  readonly notice_left: Figure;
  readonly notices_soon: Figure;
  readonly obligation_left: Figure;
  readonly obligations_soon: Figure;
}

const dayMs = 86_400_000;

/** What the registers say about what the law waits for. */
async function registerReadings({ pool, clock }: OpenedHouse): Promise<GaugeReading[]> {
  const now = clock.now();
  const { rows } = await pool.query<RegistersRow>({
    name: 'gauges-registers',
    text: registersSql,
    values: [now, new Date(msOf(now) + dayMs).toISOString()],
  });
  const row = rows[0]!;
  const age = (figure: Figure) => Math.max(0, Number(figure ?? 0));
  const left = (of: string, figure: Figure): GaugeReading[] =>
    figure === null ? [] : [{ name: 'qadaga_legal_deadline_hours', labels: { of }, value: Number(figure) / 3600 }];
  return [
    { name: 'qadaga_outbox_age_seconds', labels: { kind: 'notice' }, value: age(row.notice_age) },
    { name: 'qadaga_outbox_age_seconds', labels: { kind: 'alert' }, value: age(row.alert_age) },
    { name: 'qadaga_unsent_alerts', value: Number(row.unsent_alerts) },
    ...['issued', 'queued', 'failed'].map((situation): GaugeReading => ({
      name: 'qadaga_undelivered_notices',
      labels: { situation },
      value: row.notices?.[situation] ?? 0,
    })),
    { name: 'qadaga_overdue_notices', value: Number(row.overdue) },
    ...left('notice', row.notice_left),
    ...left('obligation', row.obligation_left),
    { name: 'qadaga_legal_deadlines_within_day', labels: { of: 'notice' }, value: Number(row.notices_soon) },
    { name: 'qadaga_legal_deadlines_within_day', labels: { of: 'obligation' }, value: Number(row.obligations_soon) },
  ];
}

async function projectionReadings({ readModels, store, clock }: OpenedHouse): Promise<GaugeReading[]> {
  const lag = await readModels.lag();
  const parked = await readModels.listParked();
  const behind = lag.readModels.filter((one) => one.behind > 0);
  let oldest: Instant | undefined;
  for (const { position } of behind)
    for await (const [fact] of store.readWritten({ ...(position ? { after: position } : {}), batchSize: 1 })) {
      if (fact && (oldest === undefined || fact.recordedAt < oldest)) oldest = fact.recordedAt;
      break;
    }
  const seconds = oldest === undefined ? 0 : Math.max(0, msOf(clock.now()) - msOf(oldest)) / 1000;
  return [
    ...lag.readModels.map((one): GaugeReading => ({
      name: 'qadaga_projection_lag_facts',
      labels: { read_model: one.readModel },
      value: one.behind,
    })),
    { name: 'qadaga_projection_lag_seconds', value: seconds },
    { name: 'qadaga_projector_active', value: lag.projectorActive ? 1 : 0 },
    {
      name: 'qadaga_parked_cases',
      labels: { where: 'read-models' },
      value: new Set(parked.map((one) => one.unit)).size,
    },
  ];
}

async function engineReadings(opened: OpenedHouse, engine: Engine): Promise<GaugeReading[]> {
  const [sweep, parked, head] = await Promise.all([engine.lastSweep(), engine.parked(), opened.store.head()]);
  const { leading, position } = engine.policies.state;
  return [
    { name: 'qadaga_sweep_interval_seconds', value: opened.config.sweepSeconds },
    ...(sweep === undefined
      ? []
      : ([
          { name: 'qadaga_sweep_age_seconds', value: (msOf(opened.clock.now()) - msOf(sweep.at)) / 1000 },
          { name: 'qadaga_sweep_duration_seconds', value: sweep.tookMs / 1000 },
          { name: 'qadaga_sweep_stuck_rows', value: sweep.stuckCount },
        ] as const)),
    { name: 'qadaga_parked_cases', labels: { where: 'policies' }, value: new Set(parked.map((one) => one.key)).size },
    // Only who performs the policies knows how far they are: what is saved of it may be a little old for long.
    ...(leading ? ([{ name: 'qadaga_policy_lag_facts', value: factsBehind(head, position) }] as const) : []),
  ];
}

/** Of this process alone, whatever the tables say. */
const releaseReadings = (opened: OpenedHouse, engine: Engine): GaugeReading[] =>
  stoodDown(opened, engine).map(({ role, reason }) => ({
    name: 'qadaga_stood_down',
    labels: { role, unknown: reason.unknown },
    value: 1,
  }));

async function queueReadings(engine: Engine): Promise<GaugeReading[]> {
  const depth = await engine.queueDepth();
  return Object.entries(depth).flatMap(([queue, jobs]) =>
    Object.entries(jobs).map(([state, value]): GaugeReading => ({
      name: 'qadaga_queue_jobs',
      labels: { queue, state },
      value,
    })),
  );
}

/** Everything that is read at a look at the metrics, in groups that fail apart. */
export const gaugeGroups = (opened: OpenedHouse, engine: Engine): readonly GaugeGroup[] => [
  { name: 'registers', read: () => registerReadings(opened) },
  { name: 'projections', read: () => projectionReadings(opened) },
  { name: 'engine', read: () => engineReadings(opened, engine) },
  { name: 'release', read: async () => releaseReadings(opened, engine) },
  { name: 'queue', read: () => queueReadings(engine) },
  {
    name: 'clock',
    read: async () => [{ name: 'qadaga_clock_skew_seconds', value: (await clockSkewMs(opened)) / 1000 }],
  },
];
