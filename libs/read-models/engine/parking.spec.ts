import { createProjections } from '../read-models.js';
import { cast, createStory, openCase, record, rules, zone } from '../testing.js';
import { tellLives } from '../testing-life.js';
import type { Projection } from './projection.js';
import { eachWithItsOwnLog } from './testing-engine.js';

const world = eachWithItsOwnLog();
const { readModels, allRows } = world;

describe('a fact that cannot be folded', () => {
  /** As a defect in one read model's projection would: it is there until `mended`. */
  function defective(): { readonly projections: readonly Projection[]; mended: boolean } {
    const defect = {
      mended: false,
      projections: createProjections({ rules, zone }).map((projection) =>
        projection.readModel !== 'obligations'
          ? projection
          : {
              ...projection,
              apply(...[rows, fact, unit]: Parameters<Projection['apply']>) {
                if (!defect.mended && fact.type === 'ObligationMet' && unit === cast(2).caseId)
                  throw new Error('a defect');
                projection.apply(rows, fact, unit);
              },
            },
      ),
    };
    return defect;
  }

  it('parks its own case in that read model, and a retry after the mending brings the case to where it should be', async () => {
    const story = createStory();
    tellLives(story, 5, 4, 3);
    const defect = defective();
    const models = await readModels({ projections: defect.projections });
    models.projector.start();
    expect(await models.waitFor(await record(world.store, story.facts), 20_000)).toBe(true);

    const [parked, ...others] = await models.listParked();
    expect(others).toEqual([]);
    const poison = story.facts.find(({ type, stream }) => type === 'ObligationMet' && stream.endsWith(cast(2).caseId))!;
    expect(parked).toMatchObject({
      readModel: 'obligations',
      unit: cast(2).caseId,
      stream: poison.stream,
      position: poison.position,
      factType: 'ObligationMet',
      error: 'Error: a defect',
    });
    const after = story.facts.filter(
      ({ stream, position, type }) =>
        stream.endsWith(cast(2).caseId) &&
        Number(position) > Number(poison.position) &&
        defect.projections.find(({ readModel }) => readModel === 'obligations')!.feeds.has(type),
    );
    expect(parked!.keptOut).toBe(after.length);
    const today = '2021-01-20' as never;
    expect(await models.queries.obligations.ofCase(cast(2).caseId, today)).toMatchObject([{ metByFilingId: null }]);
    expect(await models.queries.obligations.ofCase(cast(3).caseId, today)).toHaveLength(4);
    expect((await models.queries.cases.find(cast(2).caseId))?.openObligations).toBe(0);

    expect(await models.retryParked()).toEqual({ freed: 0, parked: 1 });
    defect.mended = true;
    expect(await models.retryParked()).toEqual({ freed: 1, parked: 0 });
    const mended = await allRows();
    await models.rebuild();
    expect(await allRows()).toEqual(mended);
  });

  it('stays parked over a restart and through a rebuild, until it can be folded', async () => {
    const story = createStory();
    tellLives(story, 3, 2, 4);
    const defect = defective();
    const models = await readModels({ projections: defect.projections });
    models.projector.start();
    const half = story.facts.length >> 1;
    await models.waitFor(await record(world.store, story.facts.slice(0, half)), 20_000);
    await models.projector.stop();
    models.projector.start();
    await models.waitFor(await record(world.store, story.facts.slice(half)), 20_000);
    const [before] = await models.listParked();
    await models.rebuild();
    const [after] = await models.listParked();
    expect({ ...after, since: '' }).toEqual({ ...before, since: '' });
    defect.mended = true;
    await models.rebuild();
    expect(await models.listParked()).toEqual([]);
  });

  it('is parked too when only PostgreSQL would refuse its row', async () => {
    const story = createStory();
    openCase(story, cast(1));
    openCase(story, cast(2));
    story.tell('CaseAssigned', { caseId: cast(1).caseId, assignee: 'nul\0' });
    story.tell('CaseAssigned', { caseId: cast(2).caseId, assignee: 'officer-2' });
    const models = await readModels();
    models.projector.start();
    await models.waitFor(await record(world.store, story.facts), 10_000);
    expect((await models.listParked()).map(({ readModel, unit }) => [readModel, unit])).toEqual([
      ['cases', cast(1).caseId],
      ['timeline', `caseWork-${cast(1).caseId}`],
    ]);
    expect((await models.queries.cases.find(cast(2).caseId))?.assignee).toBe('officer-2');
    expect(await models.retryParked()).toEqual({ freed: 0, parked: 2 });
    expect((await models.listParked())[0]?.factType).toBe('row');
  });
});
