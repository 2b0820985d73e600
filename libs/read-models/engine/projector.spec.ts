import { OutdatedError } from '#libs/kernel';
import { knownTypesOnly } from '#libs/event-store';
import { cast, createStory, record } from '../testing.js';
import { tellLives } from '../testing-life.js';
import { eachWithItsOwnLog, shortStory, until } from './testing-engine.js';

const world = eachWithItsOwnLog();
const { readModels, asSuperuser, allRows, cut } = world;

describe('the projector', () => {
  it('lets a reader wait for its own write', async () => {
    const models = await readModels();
    models.projector.start();
    const position = await record(world.store, shortStory());
    expect(await models.waitFor(position, 10_000)).toBe(true);
    expect((await models.queries.cases.find(cast(1).caseId))?.stage).toBe('existing');
    expect((await models.lag()).readModels.every(({ behind }) => behind === 0)).toBe(true);
  });

  it('tells a waiting reader when nobody projects', async () => {
    const models = await readModels();
    const position = await record(world.store, shortStory());
    expect(await models.waitFor(position, 50)).toBe(false);
    expect(await models.lag()).toMatchObject({ projector: 'stopped', projectorActive: false, head: position });
    expect((await models.lag()).readModels[0]).toMatchObject({ readModel: 'cases', behind: 3, position: undefined });
  });

  it('is seen by a reader in another process', async () => {
    const [projecting, reading] = [await readModels(), await readModels()];
    projecting.projector.start();
    expect(await reading.waitFor(await record(world.store, shortStory()), 10_000)).toBe(true);
  });

  it('applies every fact exactly once although its connection breaks again and again', async () => {
    const story = createStory();
    tellLives(story, 8, 6, 11);
    const models = await readModels({ batchSize: 7 });
    models.projector.start();
    let position = await record(world.store, story.facts.slice(0, 50));
    for (let n = 50; n < story.facts.length; n += 60) {
      position = await record(world.store, story.facts.slice(n, n + 60));
      await cut('qadaga projector');
    }
    expect(await models.waitFor(position, 20_000)).toBe(true);
    const live = await allRows();
    expect(live.get('timeline')).toHaveLength(story.facts.filter(({ type }) => !type.startsWith('Operator')).length);
    await models.rebuild();
    expect(await allRows()).toEqual(live);
  });

  it('leaves nothing of a batch of which PostgreSQL refuses one statement, and makes up for it later', async () => {
    const said: string[] = [];
    const models = await readModels({ onLog: (line) => void said.push(line) });
    models.projector.start();
    await models.waitFor(await record(world.store, shortStory()), 10_000);
    const before = await allRows();
    await asSuperuser(`alter table read.timeline add constraint refusing check (type <> 'CaseAssigned') not valid`);
    const { caseId } = cast(1);
    const position = await record(world.store, [createStory().tell('CaseAssigned', { caseId, assignee: 'officer-1' })]);
    expect(await until(() => said.some((line) => line.includes('refusing')), 10_000)).toBe(true);
    expect(await allRows()).toEqual(before);
    expect((await models.lag()).readModels.map(({ behind }) => behind)).toEqual(Array(7).fill(1));
    await asSuperuser('alter table read.timeline drop constraint refusing');
    expect(await models.waitFor(position, 10_000)).toBe(true);
    expect((await models.queries.cases.find(caseId))?.assignee).toBe('officer-1');
  });

  it('changes nothing when it is started again on a log it has folded', async () => {
    const first = await readModels();
    first.projector.start();
    const position = await record(world.store, shortStory());
    await first.waitFor(position, 10_000);
    await first.projector.stop();
    const before = await allRows();
    first.projector.start();
    expect(await until(() => first.projector.state() === 'active', 5_000)).toBe(true);
    expect(await first.waitFor(position, 5_000)).toBe(true);
    expect(await allRows()).toEqual(before);
  });

  it('stands by while another is active, and takes over within five seconds when that one goes', async () => {
    const [first, second] = [await readModels(), await readModels()];
    first.projector.start();
    expect(await until(() => first.projector.state() === 'active', 5_000)).toBe(true);
    second.projector.start();
    const story = shortStory();
    await first.waitFor(await record(world.store, story.slice(0, 2)), 5_000);
    expect(second.projector.state()).toBe('standby');
    expect(await second.lag()).toMatchObject({ projector: 'standby', projectorActive: true });
    const went = Date.now();
    await first.projector.stop();
    expect(await second.waitFor(await record(world.store, story.slice(2)), 5_000)).toBe(true);
    expect(Date.now() - went).toBeLessThan(5_000);
    expect(second.projector.state()).toBe('active');
  });

  it('writes nothing once it has lost the lock to another', async () => {
    const [first, second] = [await readModels({ standbyMs: 20 }), await readModels({ standbyMs: 20 })];
    first.projector.start();
    await until(() => first.projector.state() === 'active', 5_000);
    second.projector.start();
    const story = createStory();
    tellLives(story, 3, 4, 5);
    const facts = story.facts;
    let position = await record(world.store, facts.slice(0, 20));
    for (let n = 20; n < facts.length; n += 20) {
      await cut('qadaga projector');
      position = await record(world.store, facts.slice(n, n + 20));
    }
    expect(await first.waitFor(position, 20_000)).toBe(true);
    const live = await allRows();
    await first.rebuild();
    expect(await allRows()).toEqual(live);
  });
});

describe('the projector of an older release', () => {
  /** The store as a release sees it that knows all but this type. */
  const without = (type: string) =>
    knownTypesOnly(world.store, new Set(shortStory().flatMap((fact) => (fact.type === type ? [] : [fact.type]))));

  it('stands down before a fact it does not know, for good, and parks nothing; a newer one goes on there', async () => {
    const said: string[] = [];
    const older = await readModels({
      store: without('QuarterlyReferenceFiled'),
      onLog: (line) => void said.push(line),
    });
    const newer = await readModels();
    older.projector.start();
    expect(await until(() => older.projector.state() === 'active', 5_000)).toBe(true);
    newer.projector.start();
    const position = await record(world.store, shortStory());
    expect(await newer.waitFor(position, 10_000)).toBe(true);
    expect([older, newer].map(({ projector }) => projector.state())).toEqual(['standby', 'active']);
    expect(older.projector.outdated()).toMatchObject({ unknown: 'QuarterlyReferenceFiled' });
    expect(said.at(-1)).toContain('QuarterlyReferenceFiled');
    expect(await newer.listParked()).toEqual([]);
    expect((await newer.queries.cases.find(cast(1).caseId))?.stage).toBe('existing');

    await newer.projector.stop();
    expect(await until(() => older.projector.state() === 'active', 500)).toBe(false);
  });

  it('has folded what lies before that fact', async () => {
    const older = await readModels({ store: without('QuarterlyReferenceFiled') });
    older.projector.start();
    const story = shortStory();
    const before = story.findIndex(({ type }) => type === 'QuarterlyReferenceFiled');
    await record(world.store, story);
    expect(await until(() => older.projector.outdated() !== undefined, 10_000)).toBe(true);
    expect(new Set((await older.lag()).readModels.map(({ position }) => position))).toEqual(new Set([String(before)]));
  });

  it('leaves the tables as soon as they are not its own any more', async () => {
    let migrated = false;
    const mayProject = async () => {
      if (migrated) throw new OutdatedError('of another migration', 'read-models/99');
    };
    const older = await readModels({ mayProject });
    older.projector.start();
    expect(await older.waitFor(await record(world.store, shortStory()), 10_000)).toBe(true);
    migrated = true;
    expect(await until(() => older.projector.outdated() !== undefined, 10_000)).toBe(true);
    expect((await older.lag()).projectorActive).toBe(false);
  });
});
