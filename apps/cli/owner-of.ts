import type { DatabaseConfig, Databases } from '#libs/assembly';
import { CommandError } from './command-error.js';

/** @throws CommandError where the configuration does not name the owner of the tables. */
export function ownerOf({ owner }: Databases): DatabaseConfig {
  if (owner === undefined) throw new CommandError('this needs the owner of the tables: QADAGA_DATABASE_OWNER_URL', 2);
  return owner;
}
