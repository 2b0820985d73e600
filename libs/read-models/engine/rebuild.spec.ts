import { createStory, record } from '../testing.js';
import { tellLives } from '../testing-life.js';
import { eachWithItsOwnLog, shortStory } from './testing-engine.js';

const world = eachWithItsOwnLog();
const { readModels, asSuperuser, allRows, cut } = world;

describe('a rebuild', () => {
  it('gives row by row what the live read models are, while they go on and readers always find rows', async () => {
    const story = createStory();
    tellLives(story, 30, 5, 21);
    const models = await readModels();
    models.projector.start();
    const half = story.facts.length >> 1;
    await models.waitFor(await record(world.store, story.facts.slice(0, half)), 20_000);

    let reading = true;
    let reads = 0;
    const reader = (async () => {
      for (; reading; reads++)
        if ((await models.queries.cases.list({ limit: 5 })).rows.length < 5) throw new Error('a reader saw too few');
    })();
    const writer = record(world.store, story.facts.slice(half));
    const phases = new Set<string>();
    const result = await models.rebuild({ onProgress: ({ phase }) => phases.add(phase) });
    const position = await writer;
    reading = false;
    await reader;
    expect(reads).toBeGreaterThan(0);
    expect([...phases]).toEqual(['reading', 'indexing', 'switching', 'done']);
    expect(result.facts).toBeGreaterThanOrEqual(half);
    expect(await models.waitFor(position, 20_000)).toBe(true);

    const live = await allRows();
    await models.rebuild();
    expect(await allRows()).toEqual(live);
    expect((await models.lag()).readModels.map(({ generation }) => generation)).toEqual(Array(7).fill(3));
  });

  it('gives the same when memory holds only a few rows', async () => {
    const story = createStory();
    tellLives(story, 40, 5, 22);
    const models = await readModels({ rowsInMemory: 20, batchSize: 50, rebuildRowsInMemory: 30, rebuildBatchSize: 60 });
    models.projector.start();
    expect(await models.waitFor(await record(world.store, story.facts), 30_000)).toBe(true);
    const live = await allRows();
    await models.rebuild();
    expect(await allRows()).toEqual(live);
    const roomy = await readModels();
    await roomy.rebuild();
    expect(await allRows()).toEqual(live);
  });

  it('can be of one read model alone', async () => {
    const models = await readModels();
    models.projector.start();
    await models.waitFor(await record(world.store, shortStory()), 10_000);
    const before = await allRows();
    await models.rebuild({ readModels: ['obligations'] });
    expect(await allRows()).toEqual(before);
    const generations = (await models.lag()).readModels.map(({ readModel, generation }) => [readModel, generation]);
    expect(Object.fromEntries(generations)).toMatchObject({ obligations: 2, cases: 1, timeline: 1 });
  });

  it('leaves nothing that hurts when it is killed, and the next one starts anew', async () => {
    const story = createStory();
    tellLives(story, 10, 4, 23);
    const models = await readModels({ rebuildBatchSize: 50 });
    models.projector.start();
    const position = await record(world.store, story.facts);
    await models.waitFor(position, 20_000);
    const live = await allRows();
    let cutting: Promise<unknown> | undefined;
    const killed = models.rebuild({
      onProgress: ({ done }) => void (done > 100 && (cutting ??= cut('qadaga rebuild'))),
    });
    await expect(killed).rejects.toBeInstanceOf(Error);
    await cutting;
    expect(await allRows()).toEqual(live);
    const leftovers = `select relname from pg_class where relkind = 'r' and relname ~ '__g[0-9]+$'`;
    expect((await asSuperuser(leftovers)).length).toBeGreaterThan(0);
    await models.rebuild();
    expect(await allRows()).toEqual(live);
    expect(await asSuperuser(leftovers)).toEqual([]);
  });

  it('is refused while another runs', async () => {
    const models = await readModels();
    await record(world.store, shortStory());
    let second: Promise<unknown> | undefined;
    const first = models.rebuild({
      onProgress: () => void (second ??= models.rebuild().catch((error: Error) => error)),
    });
    await first;
    expect(await second).toMatchObject({ name: 'RebuildRunningError' });
  });

  it('works on an empty log', async () => {
    const models = await readModels();
    expect(await models.rebuild()).toMatchObject({ facts: 0, position: undefined });
    models.projector.start();
    expect(await models.waitFor(await record(world.store, shortStory()), 10_000)).toBe(true);
  });
});
