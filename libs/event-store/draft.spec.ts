import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { appendOf } from './contract-facts.js';
import { createMemoryEventStore, openDraft } from './index.js';

jest.setTimeout(60_000);

describe('a draft over a log', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await (await sharedTestPostgres()).createDatabase();
  });
  afterAll(() => database.drop());

  it('shows what is drafted behind what is there, and leaves the log as it is', async () => {
    const base = createMemoryEventStore();
    await base.append(appendOf('case-1', 'none', 'there', { n: 1 }));
    const head = await base.head();
    const draft = await openDraft({ base, config: database.app });
    const appends = [
      appendOf('case-1', 0, 'drafted', { n: 2 }, { n: '3\t\\\n' }),
      appendOf('case-2', 'none', 'drafted', { n: 4 }),
      appendOf('case-1', 2, 'drafted later', { n: 5 }),
    ];
    expect((await draft.appendTogether(appends)).map((answer) => answer.outcome)).toEqual(Array(3).fill('appended'));
    const found = await draft.readStreams(['case-1', 'case-2', 'case-3']);
    expect(found.get('case-1')!.map(({ revision, data }) => [revision, data])).toEqual([
      [0, { n: 1 }],
      [1, { n: 2 }],
      [2, { n: '3\t\\\n' }],
      [3, { n: 5 }],
    ]);
    expect(found.get('case-2')!.map(({ id }) => id)).toEqual(appends[1]!.facts.map(({ id }) => id));
    expect(found.get('case-3')).toEqual([]);
    expect(await base.head()).toBe(head);
    await draft.close();
    const another = await openDraft({ base, config: database.app });
    expect((await another.readStreams(['case-1'])).get('case-1')).toHaveLength(1);
    await another.close();
  });

  it('upcasts what it gives back', async () => {
    const upcasters = new Map([['SomethingNoted', () => ({ type: 'SomethingNoted.v2', data: 'new' })]]);
    const draft = await openDraft({ base: createMemoryEventStore(), config: database.app, upcasters });
    await draft.appendTogether([appendOf('case-1', 'none', 'a', 'old')]);
    expect((await draft.readStreams(['case-1'])).get('case-1')).toMatchObject([
      { type: 'SomethingNoted.v2', data: 'new' },
    ]);
    await draft.close();
  });
});
