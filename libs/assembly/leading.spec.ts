import pg from 'pg';
import { vocabulary } from '#libs/domain';
import { readModelMigrations } from '#libs/read-models';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { leadingGate, migrateSchema } from './index.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await (await sharedTestPostgres()).createDatabase();
  await migrateSchema(database.owner, database.app.user);
  pool = new pg.Pool({ ...database.app, max: 2 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('who may lead', () => {
  it('is any release until a newer one has, and then the newer ones', async () => {
    const older = leadingGate(pool, 'policies');
    const newer = leadingGate(pool, 'policies', vocabulary + 2);
    await older();
    await older();
    await newer();
    await expect(older()).rejects.toMatchObject({ name: 'OutdatedError', unknown: `facts/${vocabulary + 2}` });
    await newer();
    await leadingGate(pool, 'projections')();
  });

  it('is no projector of a release whose read models are of an earlier migration', async () => {
    const project = leadingGate(pool, 'projections');
    await project();
    const next = `read-models/${readModelMigrations.length + 1}`;
    const owner = new pg.Client(database.owner);
    await owner.connect();
    await owner.query('insert into schema.step (name) values ($1)', [next]);
    await owner.end();
    await expect(project()).rejects.toMatchObject({ unknown: next });
    await leadingGate(pool, 'policies', vocabulary + 2)();
  });
});
