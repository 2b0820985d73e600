import { drawUuid, instant, plainDate, type Instant, type Uuid } from '#libs/kernel';
import {
  createMemoryEventStore,
  openDraft,
  StoreUnavailableError,
  type Draft,
  type EventStore,
} from '#libs/event-store';
import { openJournal } from '#libs/journal';
import { loadRules } from '#libs/rules';
import { FixedClock } from '#libs/testing';
import { readFileSync } from 'node:fs';
import { sharedTestPostgres } from '../../embedded/testing.js';
import { generateJournal, journalGeneratorColumns } from '../../../test/support/journal-generator.js';
import { naiveJournal, type NaiveCalendar } from '../../../test/support/naive-journal.js';
import path from 'node:path';
import { LawBook } from '../circumstances.js';
import { formatNumber, type House, type NumberSeries } from '../house.js';
import { noticeReport, obligationColumns, obligationReport, type CaseRefs } from '../reports/reports.js';
import { WritePath } from '../write-path.js';
import { importJournal, type RowOutcome } from './import-journal.js';
import { onCase } from '../on-case.js';
import { requestFrom } from '../request.js';
import { openCase } from '../use-cases/open-case.js';
import { registerOperator } from '../use-cases/register-operator.js';

// Generous: a loaded machine is slow, and no test is about time.
jest.setTimeout(60_000);

const sample = (name: string) => path.join(import.meta.dirname, '../../../test/support/sample', name);
const expected = (name: string) => readFileSync(sample(name), 'utf8').trim().split('\n').slice(1);

function memoryHouse(now: Instant, store: EventStore = createMemoryEventStore()) {
  const catalogue = loadRules();
  const clock = new FixedClock(now);
  const drawn = new Map<string, number>();
  const house: House = {
    writePath: new WritePath(store, clock),
    lawBook: new LawBook(store, catalogue),
    numbers: {
      next: async (series: NumberSeries, year: number) => {
        drawn.set(series, (drawn.get(series) ?? 0) + 1);
        return formatNumber(series, year, drawn.get(series)!);
      },
    },
    sealer: {
      seal: async () => ({ keyId: 'key', cipher: 'sealed', commitment: 'commitment' }),
      open: async () => {
        throw new Error('not opened here');
      },
    },
    clock,
    directory: { casesOfOperator: async () => [], livingCases: async () => [], casesWithObligations: async () => [] },
  };
  const refs: CaseRefs = {
    all: async () => {
      const found: { caseId: Uuid; caseRef: string }[] = [];
      for await (const batch of store.readAll())
        for (const fact of batch)
          if (fact.type === 'CaseOpened') found.push(fact.data as { caseId: Uuid; caseRef: string });
      return found;
    },
  };
  return { house, refs, catalogue, store, clock };
}

const calendar = JSON.parse(
  readFileSync(path.join(import.meta.dirname, '../../rules/data/calendar-kz.json'), 'utf8'),
) as NaiveCalendar;

const csv = (cells: readonly string[]) =>
  cells.map((cell) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',');

describe('the journal of an authorized body, imported', () => {
  it('gives the outcomes, duties and notices that a separate naive program computed, and again changes nothing', async () => {
    const { house, refs, catalogue, store } = memoryHouse(instant('2026-11-22T00:00:00Z'));
    const run = async () => {
      const outcomes: RowOutcome[] = [];
      const journal = await openJournal(sample('journal.csv'));
      const summary = await importJournal(house, journal.rows(), {
        rules: catalogue.ruleSet('kz-384-2020'),
        regions: catalogue.regions,
        requestHash: (text) => text,
        chunk: 50,
        onOutcome: (outcome) => void outcomes.push(outcome),
      });
      return { summary, outcomes };
    };
    const asOf = plainDate('2023-06-03');
    const check = async () => {
      const duties: string[] = [];
      for await (const row of obligationReport(house, refs, asOf)) duties.push(csv(row.slice(0, 8)));
      expect(duties).toEqual(expected('expected-obligations.csv'));
      const notices = (await noticeReport(house, refs, asOf)).map((row) => csv(row.slice(0, 8)));
      expect(notices).toEqual(expected('expected-notices.csv'));
    };

    const first = await run();
    expect(first.outcomes.map((one) => csv([one.row, one.outcome, one.columnAtFault]))).toEqual(
      expected('expected-import.csv'),
    );
    await check();
    const head = await store.head();

    const second = await run();
    expect(second.outcomes).toEqual(first.outcomes);
    expect(second.summary).toMatchObject({ rows: 263, accepted: 253, rejected: 10, known: 253 });
    expect(await store.head()).toBe(head);
    await check();

    // A duty that is due today is missed once the day is over, not before.
    const today = plainDate('2021-04-12');
    const statuses = async (at: string) => {
      const seen = new Set<string>();
      const then = { ...house, clock: new FixedClock(instant(at)) };
      for await (const row of obligationReport(then, refs, today))
        if (row[obligationColumns.indexOf('due_on')] === today) seen.add(row[obligationColumns.indexOf('status')]!);
      return [...seen].sort();
    };
    expect(await statuses('2021-04-12T17:59:59Z')).toEqual(['met', 'open']);
    expect(await statuses('2021-04-12T18:00:00Z')).toEqual(['met', 'missed']);
  });

  it('can be mended and imported again: what is on record stays, what was wrong comes in', async () => {
    const { house, catalogue, store } = memoryHouse(instant('2026-11-22T00:00:00Z'));
    const run = async (mended: { readonly [row: string]: { readonly [column: string]: string } }) => {
      const outcomes: RowOutcome[] = [];
      const journal = await openJournal(sample('journal.csv'));
      const rows = async function* () {
        for await (const row of journal.rows()) yield { ...row, values: { ...row.values, ...mended[row.rowNo] } };
      };
      const summary = await importJournal(house, rows(), {
        rules: catalogue.ruleSet('kz-384-2020'),
        regions: catalogue.regions,
        requestHash: (text) => text,
        onOutcome: (outcome) => void outcomes.push(outcome),
      });
      return { summary, rejected: outcomes.filter(({ outcome }) => outcome === 'rejected') };
    };
    const first = await run({});
    const mended = { 5: { note: 'қайта тексерілді' }, 7: { jobs: '5' } };
    const second = await run(mended);
    // Row 7 was wrong and comes in; row 5 was right, and is on record as it was.
    expect(second.summary).toMatchObject({ accepted: 253, known: 252, rejected: 10, cases: first.summary.cases });
    const used = expect.stringContaining('is used already') as string;
    const [one, ...others] = first.rejected.filter(({ row }) => row !== '7');
    expect(second.rejected).toEqual([
      one,
      { row: '5', outcome: 'rejected', columnAtFault: 'journal_no', reason: used },
      ...others,
    ]);
    const head = await store.head();
    const third = await run(mended);
    expect(third.summary).toMatchObject({ accepted: 253, known: 253, rejected: 10 });
    expect(third.rejected).toEqual(second.rejected);
    expect(await store.head()).toBe(head);
  });

  it('lists both notices when a correction of the same day bears an earlier time than its filing', async () => {
    const { house, refs, catalogue } = memoryHouse(instant('2026-11-22T00:00:00Z'));
    const values = {
      ...Object.fromEntries(journalGeneratorColumns.map((column) => [column, ''])),
      case_ref: 'C0001',
      operator_bin: '120441152677',
      operator_name: 'ТОО «Altyn Block»',
      region: '23',
      address: '23, Геолог',
      period: '2020-Q4',
      equipment_investment_kzt: '77000000',
      investment_potential_kzt: '705000000',
      jobs: '20',
    };
    const filing = { kind: 'quarterly_reference', channel: 'paper', received_at: '2021-01-05', power_mw: '2.14' };
    const at = '2021-01-05T10:00:00+06:00';
    const correction = { kind: 'correction', channel: 'electronic', submitted_at: at, received_at: at, power_mw: '3' };
    const lines = [
      { ...values, ...filing, journal_no: '2021-1' },
      { ...values, ...correction, journal_no: '2021-2', corrects: '2021-1' },
    ];
    const summary = await importJournal(
      house,
      (async function* () {
        for (const [n, line] of lines.entries()) yield { ordinal: n + 1, rowNo: String(n + 1), values: line };
      })(),
      {
        rules: catalogue.ruleSet('kz-384-2020'),
        regions: catalogue.regions,
        requestHash: (text) => text,
        onOutcome: () => {},
      },
    );
    expect(summary.accepted).toBe(2);
    expect((await noticeReport(house, refs)).map(([journalNo]) => journalNo)).toEqual(['2021-1', '2021-2']);
  });

  describe('that names a reference of our own form', () => {
    const [ourBin, theirBin] = ['940140000385', '120441152677'];
    const appeal = {
      ...Object.fromEntries(journalGeneratorColumns.map((column) => [column, ''])),
      kind: 'quarterly_reference',
      operator_name: 'ТОО «Altyn Block»',
      region: '23',
      address: '23, Геолог',
      channel: 'paper',
      received_at: '2021-01-05',
      period: '2020-Q4',
      power_mw: '2.14',
      equipment_investment_kzt: '77000000',
      investment_potential_kzt: '705000000',
      jobs: '20',
    };
    const outcomesOf = async (
      { house, catalogue, refs }: ReturnType<typeof memoryHouse>,
      rows: readonly { readonly case_ref: string; readonly operator_bin: string }[],
    ) => {
      const outcomes: RowOutcome[] = [];
      await importJournal(
        house,
        (async function* () {
          for (const [n, row] of rows.entries())
            yield { ordinal: n + 1, rowNo: String(n + 1), values: { ...appeal, journal_no: `J-${n}`, ...row } };
        })(),
        {
          rules: catalogue.ruleSet('kz-384-2020'),
          regions: catalogue.regions,
          requestHash: (text) => text,
          caseByOwnRef: async (caseRef) => (await refs.all()).find((one) => one.caseRef === caseRef)?.caseId,
          onOutcome: (outcome) => void outcomes.push(outcome),
        },
      );
      return outcomes.map(({ outcome, columnAtFault }) => `${outcome} ${columnAtFault}`.trim());
    };
    const request = (key: string) =>
      requestFrom(
        {
          actor: { kind: 'service', id: 'x', role: 'registrar' },
          channel: 'api',
          idempotencyKey: key,
          content: { useCase: key, input: {} },
          arrivedAt: instant('2021-01-01T00:00:00Z'),
        },
        (text) => text,
      );
    const ours = { operatorBin: ourBin, region: '23', address: '23, Геолог' };

    it.each(['with its claim', 'from before references were claims'])('finds the case, %s', async (since) => {
      const home = memoryHouse(instant('2026-11-22T00:00:00Z'));
      const { house, refs } = home;
      await registerOperator(house, { bin: ourBin, name: 'One', language: 'ru' }, request('operator'));
      const { region, address } = ours;
      const caseId = drawUuid();
      const opening = { caseId, caseRef: 'QC-2021-000001', operatorBin: ourBin, location: { region, address } };
      if (since === 'with its claim') await openCase(house, ours, request('open'));
      else await onCase(house, caseId, { type: 'OpenCase', opening }, request('open'));
      const [opened] = await refs.all();
      expect(opened).toMatchObject({ caseRef: 'QC-2021-000001' });
      expect(
        await outcomesOf(home, [
          { case_ref: 'QC-2021-000001', operator_bin: theirBin },
          { case_ref: 'QC-2021-000001', operator_bin: ourBin },
        ]),
      ).toEqual(['rejected operator_bin', 'accepted']);
      expect(await refs.all()).toHaveLength(1);
    });

    it('opens none by it: the next number of ours would name two', async () => {
      const home = memoryHouse(instant('2026-11-22T00:00:00Z'));
      const row = { case_ref: 'QC-2021-000001', operator_bin: ourBin };
      expect(await outcomesOf(home, [row, row])).toEqual(['rejected case_ref', 'rejected case_ref']);
      expect(await home.refs.all()).toEqual([]);
    });
  });

  it.each([1, 2, 3])('agrees with the naive program on a generated journal, seed %i', async (seed) => {
    const lines = [...generateJournal({ centres: 120, seed })];
    const naive = naiveJournal(lines, calendar);
    const { house, refs, catalogue, store } = memoryHouse(instant('2026-11-22T00:00:00Z'));
    const outcomes: RowOutcome[] = [];
    const rows = async function* () {
      for (const [n, values] of lines.entries()) yield { ordinal: n + 1, rowNo: values['row']!, values };
    };
    const run = (into: RowOutcome[], draft?: Draft) =>
      importJournal(house, rows(), {
        rules: catalogue.ruleSet('kz-384-2020'),
        regions: catalogue.regions,
        requestHash: (text) => text,
        chunk: 97,
        onOutcome: (outcome) => void into.push(outcome),
        ...(draft ? { draft } : {}),
      });
    const dry: RowOutcome[] = [];
    const postgres = await sharedTestPostgres();
    const draft = await openDraft({ base: store, config: postgres.server.config('postgres', 'superuser') });
    await run(dry, draft);
    await draft.close();
    expect(await store.head()).toBeUndefined();
    await run(outcomes);
    expect(dry).toEqual(outcomes);
    const head = await store.head();
    const again: RowOutcome[] = [];
    await run(again);
    expect(again.map((one) => [one.row, one.outcome])).toEqual(outcomes.map((one) => [one.row, one.outcome]));
    expect(await store.head()).toBe(head);
    const asOf = plainDate('2023-06-03');
    expect(outcomes.map((one) => [one.row, one.outcome, one.columnAtFault])).toEqual(naive.imported.slice(1));
    const duties: string[][] = [];
    for await (const row of obligationReport(house, refs, asOf)) duties.push(row.slice(0, 8));
    expect(duties).toEqual(naive.obligations.slice(1));
    expect((await noticeReport(house, refs, asOf)).map((row) => row.slice(0, 8))).toEqual(naive.notices.slice(1));
  });

  it('finishes what a crash broke off where appends go one by one, at whatever append that was', async () => {
    const lines = [...generateJournal({ centres: 3, seed: 5 })];
    const rows = async function* () {
      for (const [n, values] of lines.entries()) yield { ordinal: n + 1, rowNo: values['row']!, values };
    };
    const run = async ({ house, catalogue }: ReturnType<typeof memoryHouse>) =>
      importJournal(house, rows(), {
        rules: catalogue.ruleSet('kz-384-2020'),
        regions: catalogue.regions,
        requestHash: (text) => text,
        chunk: 20,
        onOutcome: () => {},
      });
    const logOf = async (store: EventStore) => {
      const log: string[] = [];
      for await (const batch of store.readAll())
        for (const { id, stream, revision, type } of batch) log.push(`${stream} ${revision} ${type} ${id}`);
      return log.sort();
    };
    const whole = memoryHouse(instant('2026-11-22T00:00:00Z'));
    await run(whole);
    const expectedLog = await logOf(whole.store);

    // Seven is prime to the appends of a row, so that all kinds of places are met.
    for (let after = 0; ; after += 7) {
      const store = createMemoryEventStore();
      let left = after;
      const breaking: EventStore = {
        ...store,
        appendTogether: async (appends) => {
          const answers = [];
          for (const append of appends) {
            if (left-- === 0) throw new StoreUnavailableError('broken off');
            answers.push(await store.append(append));
          }
          return answers;
        },
      };
      const broken = await run(memoryHouse(instant('2026-11-22T00:00:00Z'), breaking)).then(
        () => false,
        () => true,
      );
      if (!broken) break;
      await run(memoryHouse(instant('2026-11-22T00:00:00Z'), store));
      expect(await logOf(store)).toEqual(expectedLog);
    }
  });
});
