import { isRejection, type Decimal, type Quarter, type Uuid } from '#libs/kernel';
import { recordFiling, requestFrom, systemActor, type RecordFilingInput } from '#libs/application';
import { openHouse, type OpenedHouse } from '#libs/assembly';
import { importCentres } from './support/import-centres.js';
import { onKurrent } from './support/kurrentdb.js';
import { configOf, inNewHome } from './support/lab.js';
import { latestQuarter } from './support/quarters.js';
import { goalOf, percentile, spread, type Bench, type BenchOptions, type Measured } from './support/report.js';

const perSecond = 500;
const warmUp = perSecond * 2;

/**
 * P4. References filed at a steady rate whatever comes of them (an open loop: who is slow does not get fewer), and for
 * each how long after its answer every read model shows it. The projector is this process's own.
 */
export const lag: Bench = async (options) => {
  const own = await lagOn({}, options);
  const beside = await onKurrent(options.quick, shown, async ({ name, url }) => {
    const found = await lagOn({ QADAGA_EVENT_STORE_URL: url }, options);
    return rowsOf(found).map((row) => ({ ...row, name: `${row.name} on ${name}` }));
  });
  return {
    measured: [...rowsOf(own), ...beside],
    goals: [goalOf('p99 of the lag', percentile(own.lags, 99), 100, ' ms', false)],
    notes: [
      `${secondsOf(options)} s at ${perSecond} filings/s after ${warmUp / perSecond} s to warm up; each a command with its facts on a case of its own`,
      'without HTTP, policies and jobs; the log, the projector and the one who files share a process',
    ],
  };
};

interface Found {
  readonly rate: number;
  readonly answers: number[];
  readonly lags: number[];
  readonly errors: number;
}

const shown = 'from answer to shown in every read model';
const secondsOf = ({ quick }: BenchOptions) => (quick ? 4 : 30);

const rowsOf = ({ rate, answers, lags, errors }: Found): Measured[] => [
  { name: shown, rate: Math.round(rate), ...spread(lags), errors },
  { name: 'from planned moment to answer', ...spread(answers) },
];

/** @param more of the environment: where the log is */
const lagOn = (more: NodeJS.ProcessEnv, options: BenchOptions): Promise<Found> =>
  inNewHome(async (home) => {
    const opened = await openHouse(configOf(home, more), { projector: true });
    try {
      if ((await opened.store.head()) !== undefined)
        throw new Error('the log holds facts of others: give an empty one');
      const rules = opened.catalogue.ruleSet(opened.house.lawBook.defaultRuleSetId);
      const { period, firstDay } = latestQuarter(rules.zone);
      await importCentres(opened, warmUp + perSecond * secondsOf(options), firstDay);
      await opened.catchUp();
      const cases = (await opened.caseRefs.all()).map(({ caseId }) => caseId);
      options.log(`${cases.length} cases there`);
      const file = filer(opened, period);
      const found = { answers: [] as number[], lags: [] as number[], errors: 0 };
      const running: Promise<void>[] = [];
      const one = async (caseId: Uuid, counts: boolean, plannedAt: number) => {
        const position = await file(caseId);
        const answeredAt = performance.now();
        if (position === undefined) {
          found.errors++;
          return;
        }
        const isShown = await opened.readModels.waitFor(position, 30_000);
        if (!counts) return;
        if (!isShown) found.errors++;
        found.answers.push(answeredAt - plannedAt);
        found.lags.push(performance.now() - answeredAt);
      };
      const began = performance.now();
      let sent = 0;
      while (sent < cases.length) {
        const due = Math.min(cases.length, Math.floor(((performance.now() - began) * perSecond) / 1000));
        for (; sent < due; sent++) running.push(one(cases[sent]!, sent >= warmUp, began + (sent * 1000) / perSecond));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      const rate = (sent * 1000) / (performance.now() - began);
      await Promise.all(running);
      return { rate, ...found };
    } finally {
      await opened.close();
    }
  });

function filer({ house, requestHash, clock }: OpenedHouse, period: Quarter) {
  return async (caseId: Uuid) => {
    const values = { kind: 'quarterly_reference', period, powerMw: '46.85' as Decimal, jobs: 44 } as const;
    const input: RecordFilingInput = { caseId, intake: { channel: 'electronic' }, values };
    const source = { actor: systemActor, channel: 'api', arrivedAt: clock.now() } as const;
    const request = requestFrom({ ...source, content: { useCase: 'bench', input } }, requestHash);
    const done = await recordFiling(house, input, request);
    return isRejection(done) ? undefined : done.position;
  };
}
