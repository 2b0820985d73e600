import pg from 'pg';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { copyField, copyIn, withClient } from './index.js';

// Generous: a loaded machine is slow, and no test is about time.
jest.setTimeout(60_000);

describe('COPY', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeEach(async () => {
    database = await (await sharedTestPostgres()).createDatabase();
    client = new pg.Client(database.owner);
    client.on('error', () => {});
    await client.connect();
    await client.query('create temp table pair (a int primary key, b text)');
  });
  afterEach(async () => {
    await client.end().catch(() => {});
    await database.drop();
  });
  const copy = (lines: Iterable<string>) => copyIn(client, 'copy pair from stdin', lines);
  const rows = async () => (await client.query<{ a: number; b: string }>('select * from pair order by a')).rows;

  it('takes whatever a text holds, and more than the socket does at once', async () => {
    const odd = 'a\\b\nc\rd\te';
    await copy([`1\t${copyField(odd)}\n`]);
    expect(await rows()).toEqual([{ a: 1, b: odd }]);
    const long = 'x'.repeat(1_000);
    const lines = function* () {
      for (let n = 2; n <= 20_000; n++) yield `${n}\t${long}\n`;
    };
    await copy(lines());
    expect(await rows()).toHaveLength(20_000);
  });

  it('says why the rows were refused, none of them counts, and the connection serves on', async () => {
    await expect(copy(['1\tone\n', 'no row\n'])).rejects.toThrow(/invalid input syntax/);
    await expect(copy(['1\tone\n', '1\tagain\n'])).rejects.toThrow(/duplicate key/);
    expect(await rows()).toEqual([]);
  });

  it('throws what the making of a line throws', async () => {
    const lines = function* () {
      yield '1\tone\n';
      throw new Error('no more');
    };
    await expect(copy(lines())).rejects.toThrow('no more');
    expect(await rows()).toEqual([]);
  });

  it('ends when the server is gone meanwhile', async () => {
    const { rows: own } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const lines = function* () {
      for (let n = 0; ; n++) yield `${n}\tx\n`;
    };
    await Promise.all([
      // Its last words may be overtaken by the end of the connection.
      expect(copy(lines())).rejects.toThrow(/terminat|ECONNRESET|EPIPE/),
      withClient(database.owner, (other) => other.query('select pg_terminate_backend($1)', [own[0]!.pid])),
    ]);
  });
});
