import { DataSource, type DataSourceOptions } from 'typeorm';
import type { DatabaseConfig } from './engine/connection.js';
import { readModelEntities } from './entities.js';
import { Tables1790000000000 } from './migrations/1790000000000-tables.js';
import { Generations1790000000001 } from './migrations/1790000000001-generations.js';
import { RebuildSpeed1790000000002 } from './migrations/1790000000002-rebuild-speed.js';
import { LegalPlace1790000000010 } from './migrations/1790000000010-legal-place.js';
import { InboxMinor1790000000011 } from './migrations/1790000000011-inbox-minor.js';
import { UnsentNotices1790000000020 } from './migrations/1790000000020-unsent-notices.js';
import { Letters1790000000030 } from './migrations/1790000000030-letters.js';
import { FormerOperators1790000000031 } from './migrations/1790000000031-former-operators.js';

/** In order. For a `TypeOrmModule.forRoot` that runs migrations itself. */
export const readModelMigrations = [
  Tables1790000000000,
  Generations1790000000001,
  RebuildSpeed1790000000002,
  LegalPlace1790000000010,
  InboxMinor1790000000011,
  UnsentNotices1790000000020,
  Letters1790000000030,
  FormerOperators1790000000031,
];

/** A TypeORM data source on the read models; instants and days are texts in its rows. */
export const readModelDataSource = (config: DatabaseConfig, more: Partial<DataSourceOptions> = {}): DataSource =>
  new DataSource({
    type: 'postgres',
    host: config.host,
    port: config.port,
    database: config.database,
    username: config.user,
    ...(config.password === undefined ? {} : { password: config.password }),
    ...(config.ssl === undefined ? {} : { ssl: config.ssl }),
    entities: readModelEntities,
    installExtensions: false,
    ...more,
  } as DataSourceOptions);

/**
 * Brings the schema `read` up to date. Doing it again does nothing; several processes may do it at once.
 * @param ownerConfig as the owner of the database (`qadaga_owner`); the role `qadaga_app` gets its rights.
 */
export async function migrateReadModels(ownerConfig: DatabaseConfig): Promise<void> {
  const source = readModelDataSource(ownerConfig, {
    entities: [],
    migrations: readModelMigrations,
    migrationsTableName: 'read_model_migration',
    migrationsTransactionMode: 'all',
    extra: { max: 2, options: '-c timezone=UTC -c synchronous_commit=off' },
  } as Partial<DataSourceOptions>);
  await source.initialize();
  try {
    const runner = source.createQueryRunner();
    await runner.connect();
    try {
      await runner.query('select pg_advisory_lock(1903454066, 3)');
      await source.runMigrations();
    } finally {
      await runner.release();
    }
  } finally {
    await source.destroy();
  }
}
