import pg from 'pg';
import { readModelEntities } from '../entities.js';
import { migrateReadModels } from '../migrate.js';
import { createProjections } from '../read-models.js';
import { rules, zone } from '../testing.js';
import { eachWithItsOwnLog } from './testing-engine.js';

const world = eachWithItsOwnLog();
const { asSuperuser } = world;

describe('the application role', () => {
  it('can neither drop nor empty a read model', async () => {
    const client = new pg.Client(world.database.app);
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
    await migrateReadModels(world.database.owner);
    await migrateReadModels(world.database.owner);
  });
});
