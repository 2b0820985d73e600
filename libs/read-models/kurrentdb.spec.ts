import { openKurrentEventStore, type EventStore } from '#libs/event-store';
import { streamPrefixes } from '#libs/domain';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { startKurrentDouble, type KurrentDouble } from '../event-store/test-support/kurrentdb-double/index.js';
import { migrateReadModels } from './migrate.js';
import { inboxPlaceOf, inboxStart } from './notice-register/queries.js';
import { createReadModels, type ReadModels } from './read-models.js';
import { at, cast, createStory, id, issueNotice, record, rules, zone } from './testing.js';

jest.setTimeout(60_000);

describe('the read models of a log whose positions are two numbers, the first often shared', () => {
  let server: KurrentDouble;
  let store: EventStore;
  let database: TestDatabase;
  let models: ReadModels;
  const notices = [1, 2, 3].map(cast);

  beforeAll(async () => {
    server = await startKurrentDouble({ sharedCommits: true });
    store = await openKurrentEventStore({ address: { url: server.url }, streamPrefixes });
    database = await (await sharedTestPostgres()).createDatabase();
    await migrateReadModels(database.owner);
    models = await createReadModels({ config: database.app, store, rules, zone });
    await models.projector.start();
    const story = createStory('2022-10-19T04:00:00.000Z');
    const received = '2022-10-19T04:00:00.000Z';
    const noticeIds = notices.map((one) =>
      issueNotice(story, one, id(`filing ${one.ref}`), received, '2022-10-26', { nominal: '2022-10-24' }),
    );
    await record(store, story.facts);
    const before = story.facts.length;
    for (const noticeId of noticeIds)
      story.tell('NoticeSent', { noticeId, channel: 'inbox', sentAt: at('2022-10-20T04:00:00.000Z'), inTime: true });
    // Sent together, as a queue may do it.
    const answers = await store.appendTogether(
      story.facts.slice(before).map(({ stream, revision, ...fact }) => ({
        stream,
        expected: revision - 1,
        facts: [{ id: fact.id, type: fact.type, data: fact.data, recordedAt: fact.recordedAt, meta: fact.meta }],
      })),
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(['appended', 'appended', 'appended']);
  });
  afterAll(async () => {
    await models?.close();
    await store?.close();
    await server?.stop();
    await database?.drop();
  });

  const inboxOneByOne = async () => {
    const found: string[] = [];
    for (let from = inboxStart; ;) {
      const [next] = await models.queries.notices.inbox(from, 1);
      if (next === undefined) return found;
      found.push(next.noticeId);
      from = inboxPlaceOf(next)!;
    }
  };

  it('are level with the head, and say so', async () => {
    expect(await models.waitFor((await store.head())!, 30_000)).toBe(true);
    const { readModels, head } = await models.lag();
    expect(readModels.map(({ behind }) => behind)).toEqual(readModels.map(() => 0));
    expect(head).toMatch(/^\d+\/\d+$/);
  });

  it('give the inbox one by one and miss none of those that share a number', async () => {
    await models.waitFor((await store.head())!, 30_000);
    const whole = await models.queries.notices.inbox(inboxStart, 10);
    expect(new Set(whole.map(({ inboxPosition }) => inboxPosition)).size).toBe(1);
    expect(whole).toHaveLength(3);
    expect(await inboxOneByOne()).toEqual(whole.map(({ noticeId }) => noticeId));
  });

  it('are the same when they are built anew', async () => {
    await models.waitFor((await store.head())!, 30_000);
    const before = await inboxOneByOne();
    const progress: number[] = [];
    const { position, facts } = await models.rebuild({
      onProgress: ({ done, total }) => progress.push(done / total),
    });
    expect(position).toBe(await store.head());
    expect(facts).toBeGreaterThan(5);
    expect(Math.max(...progress)).toBe(1);
    expect(await inboxOneByOne()).toEqual(before);
  });

  it('go on by themselves when the server was away', async () => {
    server.resetConnections();
    const story = createStory('2022-11-01T04:00:00.000Z');
    const fourth = cast(4);
    issueNotice(story, fourth, id('filing 4'), '2022-11-01T04:00:00.000Z', '2022-11-09', { nominal: '2022-11-07' });
    const position = await record(store, story.facts);
    expect(await models.waitFor(position, 30_000)).toBe(true);
  });
});
