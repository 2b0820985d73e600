import { addDays, firstDayOf, instantAt, nextQuarter, type Instant } from '#libs/kernel';
import { dueBoards, openHouse, type OpenedHouse } from '#libs/assembly';
import { sweep, type SweepReport } from '#libs/engine';
import { importCentres } from './support/import-centres.js';
import { withClient } from '#libs/postgres';
import { configOf, inNewHome } from './support/lab.js';
import { latestQuarter } from './support/quarters.js';
import { goalOf, percentile, rounded, spread, type Bench } from './support/report.js';

/** P6. A sweep over many open duties of which none is due, and one over cases whose references are all overdue today. */
export const sweeping: Bench = ({ quick, log }) =>
  inNewHome(async (home) => {
    const [many, due, looks] = quick ? [50_000, 500, 20] : [1_000_000, 10_000, 100];
    let now: Instant;
    const clock = { now: () => now };
    const zone = 'Asia/Almaty';
    const { period, firstDay } = latestQuarter(zone);
    const opensOn = firstDayOf(nextQuarter(period));
    // The centres are taken over on the day their reference can first be filed, and nobody files one.
    now = instantAt(opensOn, '12:00', zone);
    const opened = await openHouse(configOf(home), { projector: true, clock });
    try {
      await importCentres(opened, due, firstDay);
      await opened.catchUp();
      const first = await timed(opened);
      log(
        `${due} centres there; the first day's sweep: ${JSON.stringify(counts(first.report))}, ${Math.round(first.ms)} ms`,
      );
      await fill(opened, many);
      log(`${many} open duties there`);
      const none: number[] = [];
      for (let n = 0; n < looks; n++) none.push((await timed(opened)).ms);
      // A day with one step to take for each, and a day on which each is missed.
      now = instantAt(addDays(opensOn, 6), '12:00', zone);
      const reminded = await timed(opened);
      log(`reminders: ${JSON.stringify(counts(reminded.report))}, ${Math.round(reminded.ms)} ms`);
      now = instantAt(addDays(opensOn, 14), '12:00', zone);
      const missed = await timed(opened);
      log(`misses: ${JSON.stringify(counts(missed.report))}, ${Math.round(missed.ms)} ms`);
      const after: number[] = [];
      for (let n = 0; n < looks; n++) after.push((await timed(opened)).ms);
      const row = (name: string, { report, ms }: Timed) => ({
        name,
        rate: Math.round((due * 1000) / ms),
        unit: 'cases/s',
        p50: rounded(ms),
        errors: report.stuckCount,
        note: `${report.due} rows due, ${report.missed} missed, ${report.alertsRaised} alerts`,
      });
      const worst = Math.max(reminded.ms, missed.ms);
      return {
        measured: [
          { name: `none due of ${many.toLocaleString('en-US')}`, ...spread(none) },
          { name: 'none due, after the misses', ...spread(after) },
          row(`${due} due, a reminder each`, reminded),
          row(`${due} due, a miss and an alert each`, missed),
        ],
        goals: [
          goalOf('none due, p50', percentile(none, 50), 5, ' ms', false),
          goalOf(`${due} due, the slower of the two`, worst / 1000, 5, ' s', false),
        ],
        notes: [
          'a sweep ends when the read models show what it did; the projector shares the process',
          `the ${many.toLocaleString('en-US')} open duties are rows put into the obligation board; the ${due} due ones are real cases`,
        ],
      };
    } finally {
      await opened.close();
    }
  });

interface Timed {
  readonly report: SweepReport;
  readonly ms: number;
}

async function timed({ house, readModels, pool }: OpenedHouse): Promise<Timed> {
  const boards = dueBoards(readModels, pool);
  const began = performance.now();
  const report = await sweep({ house, boards });
  if (!report.complete) throw new Error('a sweep did not come to its end');
  return { report, ms: performance.now() - began };
}

const counts = ({ due, assessed, missed, alertsRaised, stuckCount }: SweepReport) => ({
  due,
  assessed,
  missed,
  alertsRaised,
  stuckCount,
});

/** Rows as the board has them, whose next step is years away; ids no case has. */
const fill = ({ databases }: OpenedHouse, many: number): Promise<void> =>
  withClient(databases.owner!, async (client) => {
    await client.query(
      `insert into read.obligation
         (obligation_id, case_id, case_ref, operator_bin, region, kind, period, opens_on, opened_at, learned_on,
          nominal_due_on, due_on, ends_at, rule_set_id, status, historical, steps_taken, next_step_at)
       select gen_random_uuid(), gen_random_uuid(), 'F' || n, '940140000385', '55', 'quarterly_reference', '2099-Q4',
         date '2100-01-01', now(), current_date, date '2100-01-11', date '2100-01-11', timestamptz '2100-01-11',
         'kz-384-open', 'open', false, '[]', timestamptz '2100-01-01' + n * interval '1 s'
       from generate_series(1, $1::int) n`,
      [many],
    );
    await client.query('analyze read.obligation');
  });
