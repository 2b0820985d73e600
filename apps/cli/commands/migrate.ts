import { migrateSchema, openDatabases } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { CommandError } from '../command-error.js';

/** `qadaga migrate`: the step of a deployment that is done before its processes are replaced. */
export async function migrateCommand(): Promise<number> {
  const databases = await openDatabases(loadConfig());
  try {
    const { owner, appRole } = databases;
    if (owner === undefined)
      throw new CommandError('migrating needs the owner of the tables: QADAGA_DATABASE_OWNER_URL', 2);
    await migrateSchema(owner, appRole);
    process.stdout.write(`the database is as this release needs it; ${appRole} serves\n`);
    return 0;
  } finally {
    await databases.stop();
  }
}
