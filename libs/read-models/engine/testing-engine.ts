import pg from 'pg';
import { createMemoryEventStore, type EventStore } from '#libs/event-store';
import { sharedTestPostgres, type TestDatabase, type TestPostgres } from '../../embedded/testing.js';
import type { DomainFact } from '../facts.js';
import { migrateReadModels } from '../migrate.js';
import { createReadModels, type ReadModels, type ReadModelsOptions } from '../read-models.js';
import { cast, createStory, fileReference, openCase, openObligation, rules, zone } from '../testing.js';

/** For each test of a spec a database of its own and an empty log, and what looks into them. */
export function eachWithItsOwnLog() {
  let postgres: TestPostgres;
  let database: TestDatabase;
  let store: EventStore;
  const open: ReadModels[] = [];
  // Generous: a loaded machine is slow, and no test is about time.
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

  return {
    get database() {
      return database;
    },
    get store() {
      return store;
    },
    readModels,
    asSuperuser,
    allRows,
    cut,
  };
}

export async function until(condition: () => boolean | Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return condition();
}

export const shortStory = (): readonly DomainFact[] => {
  const story = createStory();
  openCase(story, cast(1));
  openObligation(story, cast(1), '2021-Q1', '2021-04-01', '2021-04-12');
  fileReference(story, cast(1), '2021-Q1', '2021-04-05T05:00:00.000Z');
  return story.facts;
};
