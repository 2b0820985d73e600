import pg from 'pg';
import { OutdatedError } from '#libs/kernel';
import { createMemoryEventStore, knownTypesOnly, type EventStore } from '#libs/event-store';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../../embedded/testing.js';
import { readModelEntities } from '../entities.js';
import type { DomainFact } from '../facts.js';
import { migrateReadModels } from '../migrate.js';
import { createProjections, createReadModels, type ReadModels, type ReadModelsOptions } from '../read-models.js';
import { cast, createStory, fileReference, openCase, openObligation, record, rules, zone } from '../testing.js';
import { tellLives } from '../testing-life.js';
import type { Projection } from './projection.js';
import { copyRows } from './sql.js';

let postgres: TestPostgres;
let database: TestDatabase;
let store: EventStore;
const open: ReadModels[] = [];
jest.setTimeout(60_000);

beforeAll(async () => {
  postgres = await sharedTestPostgres();
});
beforeEach(async () => {
  database = await postgres.createDatabase();
  await migrateReadModels(database.owner);
  store = createMemoryEventStore();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await store.close();
  await database.drop();
});

async function readModels(more: Partial<ReadModelsOptions> = {}): Promise<ReadModels> {
  const made = await createReadModels({ config: database.app, store, rules, zone, standbyMs: 100, ...more });
  open.push(made);
  return made;
}

async function asSuperuser<T extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client(postgres.server.config(database.name, 'superuser'));
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Every row of every read model, as text, in a fixed order. */
async function allRows(): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = await asSuperuser<{ table_name: string }>('select table_name from read.model_table order by 1');
  const rows = new Map<string, readonly string[]>();
  for (const { table_name: name } of names)
    rows.set(
      name,
      (await asSuperuser<{ row: string }>(`select to_jsonb(t)::text as row from read.${name} t order by 1`)).map(
        ({ row }) => row,
      ),
    );
  return rows;
}

/** Breaks what runs under an application name, as a crash of its process or of the network would. */
const cut = (application: string) =>
  asSuperuser(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1`, [application]);

async function until(condition: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}

const shortStory = (): readonly DomainFact[] => {
  const story = createStory();
  openCase(story, cast(1));
  openObligation(story, cast(1), '2021-Q1', '2021-04-01', '2021-04-12');
  fileReference(story, cast(1), '2021-Q1', '2021-04-05T05:00:00.000Z');
  return story.facts;
};

describe('the projector', () => {
  it('lets a reader wait for its own write', async () => {
    const models = await readModels();
    models.projector.start();
    const position = await record(store, shortStory());
    expect(await models.waitFor(position, 10_000)).toBe(true);
    expect((await models.queries.cases.find(cast(1).caseId))?.stage).toBe('existing');
    expect((await models.lag()).readModels.every(({ behind }) => behind === 0)).toBe(true);
  });

  it('tells a waiting reader when nobody projects', async () => {
    const models = await readModels();
    const position = await record(store, shortStory());
    expect(await models.waitFor(position, 50)).toBe(false);
    expect(await models.lag()).toMatchObject({ projector: 'stopped', projectorActive: false, head: position });
    expect((await models.lag()).readModels[0]).toMatchObject({ readModel: 'cases', behind: 3, position: undefined });
  });

  it('is seen by a reader in another process', async () => {
    const [projecting, reading] = [await readModels(), await readModels()];
    projecting.projector.start();
    expect(await reading.waitFor(await record(store, shortStory()), 10_000)).toBe(true);
  });

  it('applies every fact exactly once although its connection breaks again and again', async () => {
    const story = createStory();
    tellLives(story, 8, 6, 11);
    const models = await readModels({ batchSize: 7 });
    models.projector.start();
    let position = await record(store, story.facts.slice(0, 50));
    for (let n = 50; n < story.facts.length; n += 60) {
      position = await record(store, story.facts.slice(n, n + 60));
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
    await models.waitFor(await record(store, shortStory()), 10_000);
    const before = await allRows();
    await asSuperuser(`alter table read.timeline add constraint refusing check (type <> 'CaseAssigned') not valid`);
    const { caseId } = cast(1);
    const position = await record(store, [createStory().tell('CaseAssigned', { caseId, assignee: 'officer-1' })]);
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
    const position = await record(store, shortStory());
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
    await first.waitFor(await record(store, story.slice(0, 2)), 5_000);
    expect(second.projector.state()).toBe('standby');
    expect(await second.lag()).toMatchObject({ projector: 'standby', projectorActive: true });
    const went = Date.now();
    await first.projector.stop();
    expect(await second.waitFor(await record(store, story.slice(2)), 5_000)).toBe(true);
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
    let position = await record(store, facts.slice(0, 20));
    for (let n = 20; n < facts.length; n += 20) {
      await cut('qadaga projector');
      position = await record(store, facts.slice(n, n + 20));
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
    knownTypesOnly(store, new Set(shortStory().flatMap((fact) => (fact.type === type ? [] : [fact.type]))));

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
    const position = await record(store, shortStory());
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
    await record(store, story);
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
    expect(await older.waitFor(await record(store, shortStory()), 10_000)).toBe(true);
    migrated = true;
    expect(await until(() => older.projector.outdated() !== undefined, 10_000)).toBe(true);
    expect((await older.lag()).projectorActive).toBe(false);
  });
});

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
    expect(await models.waitFor(await record(store, story.facts), 20_000)).toBe(true);

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
    await models.waitFor(await record(store, story.facts.slice(0, half)), 20_000);
    await models.projector.stop();
    models.projector.start();
    await models.waitFor(await record(store, story.facts.slice(half)), 20_000);
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
    await models.waitFor(await record(store, story.facts), 10_000);
    expect((await models.listParked()).map(({ readModel, unit }) => [readModel, unit])).toEqual([
      ['cases', cast(1).caseId],
      ['timeline', `caseWork-${cast(1).caseId}`],
    ]);
    expect((await models.queries.cases.find(cast(2).caseId))?.assignee).toBe('officer-2');
    expect(await models.retryParked()).toEqual({ freed: 0, parked: 2 });
    expect((await models.listParked())[0]?.factType).toBe('row');
  });
});

describe('a rebuild', () => {
  it('is told that its rows were refused', async () => {
    const client = new pg.Client(database.owner);
    await client.connect();
    try {
      const [table] = createProjections({ rules, zone })[0]!.tables;
      await expect(copyRows(client, table!, undefined, [Buffer.from('no row\n')])).rejects.toThrow(
        /missing data|invalid/,
      );
      expect((await client.query<{ one: number }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
    } finally {
      await client.end();
    }
  });

  it('gives row by row what the live read models are, while they go on and readers always find rows', async () => {
    const story = createStory();
    tellLives(story, 30, 5, 21);
    const models = await readModels();
    models.projector.start();
    const half = story.facts.length >> 1;
    await models.waitFor(await record(store, story.facts.slice(0, half)), 20_000);

    let reading = true;
    let reads = 0;
    const reader = (async () => {
      for (; reading; reads++)
        if ((await models.queries.cases.list({ limit: 5 })).rows.length < 5) throw new Error('a reader saw too few');
    })();
    const writer = record(store, story.facts.slice(half));
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
    expect(await models.waitFor(await record(store, story.facts), 30_000)).toBe(true);
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
    await models.waitFor(await record(store, shortStory()), 10_000);
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
    const position = await record(store, story.facts);
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
    await record(store, shortStory());
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
    expect(await models.waitFor(await record(store, shortStory()), 10_000)).toBe(true);
  });
});

describe('the application role', () => {
  it('can neither drop nor empty a read model', async () => {
    const client = new pg.Client(database.app);
    await client.connect();
    try {
      await expect(client.query('drop table read.filing')).rejects.toThrow('must be owner');
      await expect(client.query('truncate read.filing')).rejects.toThrow('permission denied');
      await expect(client.query('create table read.mine (a int)')).rejects.toThrow('permission denied');
      await expect(client.query(`insert into read.model_table values ('checkpoint', 'cases')`)).rejects.toThrow(
        'permission denied',
      );
    } finally {
      await client.end();
    }
  });
});

describe('the tables', () => {
  it('are what the entities say, column by column', async () => {
    const columns = await asSuperuser<{ table_name: string; column_name: string; type: string; nullable: boolean }>(
      `select table_name::text, column_name::text, udt_name::text as type, is_nullable = 'YES' as nullable
       from information_schema.columns join read.model_table using (table_name) where table_schema = 'read' order by 1, 2`,
    );
    const types: Record<string, string> = { integer: 'int4', bigint: 'int8', boolean: 'bool' };
    const declared = createProjections({ rules, zone })
      .flatMap(({ tables: own }) => own)
      .flatMap(({ name, columns: own }) =>
        own.map((column) => ({
          table_name: name,
          column_name: column.name,
          type: types[column.type] ?? column.type,
          nullable: column.nullable,
        })),
      );
    const byName = (a: { table_name: string; column_name: string }, b: typeof a) =>
      `${a.table_name}.${a.column_name}` < `${b.table_name}.${b.column_name}` ? -1 : 1;
    expect([...columns].sort(byName)).toEqual([...declared].sort(byName));
  });

  it('belong to the read model that writes them', async () => {
    const known = await asSuperuser('select table_name, read_model from read.model_table order by 1');
    const declared = createProjections({ rules, zone }).flatMap(({ readModel, tables: own }) =>
      own.map(({ name }) => ({ table_name: name, read_model: readModel })),
    );
    expect(known).toEqual([...declared].sort((a, b) => (a.table_name < b.table_name ? -1 : 1)));
    expect(declared).toHaveLength(readModelEntities.length);
  });

  it('are migrated twice as once', async () => {
    await migrateReadModels(database.owner);
    await migrateReadModels(database.owner);
  });
});
