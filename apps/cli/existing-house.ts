import { hasHouse } from '#libs/assembly';
import { loadConfig, type Config } from '#libs/platform';
import { CommandError } from './command-error.js';

/**
 * The configuration, for a command that looks at a house or works on what is in it. Whoever makes a new one (a start, an
 * import, a replay, a restore, a migration) asks for `loadConfig` instead.
 * @param isThere where less than a whole house is enough.
 * @throws CommandError with exit code 2 where there is none: of a mistyped QADAGA_HOME nothing is made.
 */
export function configOfExisting(isThere: (config: Config) => boolean = hasHouse): Config {
  const config = loadConfig();
  if (!isThere(config)) throw new CommandError(`there is no Qadaga home at ${config.home} (QADAGA_HOME)`, 2);
  return config;
}
