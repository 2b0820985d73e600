import pg from 'pg';
import { sharedTestPostgres } from './testing.js';

describe('the shared test PostgreSQL', () => {
  it('gives fresh databases with an owner and an application role', async () => {
    const server = await sharedTestPostgres();
    const database = await server.createDatabase();
    const owner = new pg.Client(database.owner);
    const app = new pg.Client(database.app);
    await Promise.all([owner.connect(), app.connect()]);
    try {
      await owner.query(
        'create schema s; create table s.t (a int); grant usage on schema s to qadaga_app; grant select on s.t to qadaga_app',
      );
      expect(
        (await app.query('select current_user as who, current_database() as db, count(*)::int as n from s.t')).rows,
      ).toEqual([{ who: 'qadaga_app', db: database.name, n: 0 }]);
      await expect(app.query('create schema mine')).rejects.toThrow('permission denied');
      await expect(app.query('create table public.mine (a int)')).rejects.toThrow('permission denied');
    } finally {
      await Promise.all([owner.end(), app.end()]);
      await database.drop();
    }
  });
  it('is one server per process', async () => {
    const [a, b] = await Promise.all([sharedTestPostgres(), sharedTestPostgres()]);
    expect(a.server.port).toBe(b.server.port);
  });
});
