import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '#libs/platform';

/** Whether the folder is a home with a PostgreSQL of its own. Looking makes nothing. */
export const isHome = (folder: string): boolean => existsSync(path.join(folder, 'secrets', 'postgres.json'));

/** Whether a house was ever opened here: of a deployment on a server, the home holds the master key unless that is elsewhere. */
export function hasHouse({ home, database, masterKeyFile }: Config): boolean {
  if (database === undefined) return isHome(home);
  return masterKeyFile !== undefined || existsSync(path.join(home, 'secrets', 'master.key'));
}
