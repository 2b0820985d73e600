import { migrateSchema, openDatabases } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { ownerOf } from '../owner-of.js';

/** `qadaga migrate`: the step of a deployment that is done before its processes are replaced. */
export async function migrateCommand(): Promise<number> {
  const databases = await openDatabases(loadConfig());
  try {
    const { appRole } = databases;
    await migrateSchema(ownerOf(databases), appRole);
    process.stdout.write(`the database is as this release needs it; ${appRole} serves\n`);
    return 0;
  } finally {
    await databases.stop();
  }
}
