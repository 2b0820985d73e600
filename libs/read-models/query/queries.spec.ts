import { createMemoryEventStore } from '#libs/event-store';
import { addDays } from '#libs/kernel';
import { sharedTestPostgres, type TestDatabase } from '../../embedded/testing.js';
import { migrateReadModels } from '../migrate.js';
import { inboxPlaceOf } from '../notice-register/queries.js';
import { createReadModels, type ReadModels } from '../read-models.js';
import { at, cast, createStory, day, record, rules, zone } from '../testing.js';
import { tellLives } from '../testing-life.js';
import type { Page } from './page.js';

jest.setTimeout(60_000);
let database: TestDatabase;
let models: ReadModels;
const cases = 25;

beforeAll(async () => {
  database = await (await sharedTestPostgres()).createDatabase();
  await migrateReadModels(database.owner);
  const store = createMemoryEventStore();
  models = await createReadModels({ config: database.app, store, rules, zone });
  const story = createStory();
  tellLives(story, cases, 5, 77);
  story.tell('OperatorRegistered', {
    bin: cast(3).bin,
    name: 'ТОО «Қуатты Орталық» 100%',
    language: 'kk',
    contacts: null,
  });
  await record(store, story.facts);
  await models.rebuild();
});
afterAll(async () => {
  await models.close();
  await database.drop();
});

/** All rows of a list, page by page; fails when a page repeats or does not end. */
async function everything<Row, List extends { readonly cursor?: string; readonly limit?: number }>(
  list: (request: List) => Promise<Page<Row>>,
  request: NoInfer<List>,
  limit = 7,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (let cursor = request.cursor, pages = 0; ; pages++) {
    if (pages > 200) throw new Error('the list does not end');
    const page = await list({ ...request, ...(cursor === undefined ? {} : { cursor }), limit });
    rows.push(...page.rows);
    if (page.next === undefined) return rows;
    expect(page.rows).toHaveLength(limit);
    cursor = page.next;
  }
}

describe('lists', () => {
  it.each(['ref', 'opened', 'due', 'last-filing'] as const)(
    'of cases by %s are whole over their pages, both ways',
    async (sort) => {
      const forward = await everything(models.queries.cases.list, { sort });
      expect(new Set(forward.map(({ caseId }) => caseId)).size).toBe(cases);
      const backward = await everything(models.queries.cases.list, { sort, direction: 'descending' });
      expect(backward.map(({ caseId }) => caseId)).toEqual(forward.map(({ caseId }) => caseId).reverse());
      expect(forward[0]).not.toHaveProperty('digest');
    },
  );

  it.each(['received', 'journal-no'] as const)('of filings by %s are whole over their pages', async (sort) => {
    const rows = await everything(models.queries.filings.list, { sort });
    expect(new Set(rows.map(({ filingId }) => filingId)).size).toBe(cases * 5);
    const keys = rows.map((row) => (sort === 'received' ? row.receivedAt : row.journalNo));
    expect(keys).toEqual([...keys].sort());
  });

  it.each(['order', 'inbox', 'due'] as const)('of notices by %s are whole over their pages', async (sort) => {
    const rows = await everything(models.queries.notices.list, { sort });
    expect(rows).toHaveLength(cases * 5);
    const keys = rows.map((row) =>
      sort === 'order' ? row.orderNo : sort === 'inbox' ? row.inboxPosition! : row.dueOn,
    );
    expect(keys).toEqual([...keys].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  it('of obligations, alerts, operators and a timeline are whole over their pages', async () => {
    const today = day('2021-03-01');
    expect(await everything(models.queries.obligations.list, { today })).toHaveLength(cases * 5);
    expect(await everything(models.queries.obligations.list, { today, sort: 'ref' })).toHaveLength(cases * 5);
    const alerts = await everything(models.queries.alerts.list, {});
    expect(alerts.length).toBeGreaterThan(cases * 5);
    expect(await everything(models.queries.alerts.list, { sort: 'due' })).toHaveLength(alerts.length);
    expect(await everything(models.queries.operators.list, {})).toHaveLength(cases + 1);
    expect(await everything(models.queries.operators.list, { sort: 'bin' })).toHaveLength(cases + 1);
    const timeline = await everything((list) => models.queries.timeline.ofCase(cast(4).caseId, list), {});
    const order = timeline.map(({ logOrder }) => logOrder);
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(timeline.length).toBeGreaterThan(40);
  });

  it('refuse cursors, sorts and limits that are not theirs', async () => {
    const { next } = await models.queries.cases.list({ limit: 2 });
    const refused = (code: string) =>
      expect.objectContaining({ rejection: expect.objectContaining({ kind: 'malformed', code }) });
    await expect(models.queries.cases.list({ cursor: next!, sort: 'due' })).rejects.toEqual(
      refused('cursor-malformed'),
    );
    // Obligations are sorted by a reference and an id, too.
    const { obligations } = models.queries;
    await expect(obligations.list({ today: day('2021-03-01'), sort: 'ref', cursor: next! })).rejects.toEqual(
      refused('cursor-malformed'),
    );
    await expect(models.queries.cases.list({ cursor: 'rubbish' })).rejects.toEqual(refused('cursor-malformed'));
    const forged = Buffer.from(JSON.stringify(['cases', 'opened', 'ascending', 'soon', 'x'])).toString('base64url');
    await expect(models.queries.cases.list({ cursor: forged, sort: 'opened' })).rejects.toEqual(
      refused('cursor-malformed'),
    );
    await expect(models.queries.cases.list({ limit: 201 })).rejects.toEqual(refused('limit-out-of-range'));
    await expect(models.queries.cases.list({ sort: 'constructor' as never })).rejects.toEqual(refused('sort-unknown'));
  });
});

describe('filters', () => {
  it('of cases find by part of the reference, the address or the operator’s name, and take no wildcards', async () => {
    const { list } = models.queries.cases;
    expect((await list({ search: 'dc-000003' })).rows.map(({ caseRef }) => caseRef)).toEqual(['DC-000003']);
    expect((await list({ search: 'қуатты' })).rows.map(({ caseRef }) => caseRef)).toEqual(['DC-000003']);
    expect((await list({ search: '100%' })).rows).toHaveLength(1);
    expect((await list({ search: '%' })).rows).toHaveLength(1);
    expect((await list({ search: 'EKIBAST' })).rows).not.toHaveLength(0);
  });

  it('of cases go together', async () => {
    const all = await everything(models.queries.cases.list, {}, 200);
    const some = all.find(({ assignee }) => assignee !== null)!;
    const { region, assignee, operatorBin } = some;
    const found = await everything(models.queries.cases.list, { region, assignee: assignee! });
    expect(found.map(({ caseId }) => caseId)).toEqual(
      all.filter((one) => one.region === region && one.assignee === assignee).map(({ caseId }) => caseId),
    );
    expect((await models.queries.cases.list({ operatorBin })).rows.length).toBeGreaterThan(0);
    expect((await models.queries.cases.list({ unassigned: true })).rows).toEqual([]);
    expect((await models.queries.cases.list({ missed: true })).rows.every((one) => one.missedObligations > 0)).toBe(
      true,
    );
  });

  it('of obligations derive the display status from the day that is given', async () => {
    const all = await everything(models.queries.obligations.list, { today: day('2021-01-05') }, 200);
    const open = all.find(({ status }) => status === 'open');
    for (const today of [day('2020-12-01'), day('2021-07-05'), addDays(open?.dueOn ?? day('2021-01-10'), 1)])
      for (const display of ['not_due', 'due', 'overdue', 'met', 'met_late'] as const) {
        const found = await everything(models.queries.obligations.list, { today, display });
        const expected = await everything(models.queries.obligations.list, { today }, 200);
        expect(found.map(({ obligationId }) => obligationId)).toEqual(
          expected.filter((one) => one.display === display).map(({ obligationId }) => obligationId),
        );
      }
  });

  it('of obligations, filings, notices and alerts select what they say', async () => {
    const today = day('2021-03-01');
    const duties = await everything(models.queries.obligations.list, {
      today,
      period: '2021-Q2' as never,
      kind: 'quarterly_reference' as const,
      dueFrom: day('2021-07-10'),
      dueUntil: day('2021-07-10'),
    });
    expect(duties).toHaveLength(cases);
    expect((await models.queries.obligations.list({ today, search: 'DC-000007' })).rows).toHaveLength(5);
    const filings = await everything(models.queries.filings.list, { search: 'IN-DC-000007', incomplete: false });
    expect(filings.length).toBeGreaterThan(0);
    expect(filings.every(({ caseRef, missing }) => caseRef === 'DC-000007' && missing.length === 0)).toBe(true);
    const corrected = await everything(models.queries.filings.list, { situation: 'corrected' as const });
    expect(corrected.every(({ versions }) => versions.length > 1)).toBe(true);
    expect(await everything(models.queries.filings.list, { flag: 'duplicate' as const })).toEqual([]);
    const answered = await everything(models.queries.notices.list, { situations: ['acknowledged' as const] });
    expect(answered).toHaveLength(cases * 5);
    expect((await models.queries.notices.list({ search: 'N-DC-000007' })).rows).toHaveLength(5);
    const toOperators = await everything(models.queries.alerts.list, {
      audience: 'operator' as const,
      step: 'opened' as const,
    });
    expect(toOperators).toHaveLength(cases * 5);
    expect((await models.queries.alerts.list({ audience: 'senior-officer' })).rows).toEqual([]);
  });

  it('of the inbox go on from a place', async () => {
    const first = await models.queries.notices.inbox([0, 0], 10);
    const rest = await models.queries.notices.inbox(inboxPlaceOf(first.at(-1)!)!, 1_000);
    expect(first.length + rest.length).toBe(cases * 5);
  });

  it('of operators count the cases they hold', async () => {
    expect(await models.queries.operators.find(cast(3).bin)).toMatchObject({
      hasContacts: false,
      cases: expect.any(Number),
    });
    const held = await everything(models.queries.cases.list, { operatorBin: cast(5).bin });
    expect(held.length).toBeLessThanOrEqual(1);
  });

  it('total megawatts by region', async () => {
    const totals = await models.queries.cases.totalsByRegion();
    expect(totals.reduce((sum, one) => sum + one.cases, 0)).toBe(
      (await everything(models.queries.cases.list, { situation: 'active' as const })).length,
    );
    expect(totals.every(({ powerMw }) => /^\d+(\.\d+)?$/.test(powerMw))).toBe(true);
  });
});

describe('what is due', () => {
  it('is what the boards wait for by an instant, the longest waiting first', async () => {
    const never = at('2020-01-01T00:00:00.000Z');
    const late = at('2030-01-01T00:00:00.000Z');
    for (const due of [models.due.cases, models.due.obligations, models.due.notices]) {
      expect(await due(never, 10)).toEqual([]);
      const found = (await due(late, 1_000)).map(({ nextStepAt }) => nextStepAt!);
      expect(found).toEqual([...found].sort());
    }
    expect(await models.due.cases(late, 3)).toHaveLength(3);
  });

  it('costs what is due, not what exists', async () => {
    const plan = await models.source.transaction(async (manager) => {
      await manager.query('set local enable_seqscan = off; set local enable_bitmapscan = off');
      return manager.query<unknown>(
        'explain select * from read.obligation where next_step_at <= now() order by next_step_at limit 10',
      );
    });
    expect(JSON.stringify(plan)).toContain('Index Scan');
  });
});
