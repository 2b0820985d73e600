import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from './command-error.js';

/**
 * The absolute path of a file that a command will write. Ask before any long work is begun.
 * @throws CommandError with exit code 2 where no file can be put.
 */
export function outputFile(given: string): string {
  const file = path.resolve(given);
  const folder = path.dirname(file);
  if (!existsSync(folder)) throw new CommandError(`the folder ${folder} does not exist`, 2);
  if (!statSync(folder).isDirectory()) throw new CommandError(`${folder} is not a folder`, 2);
  const isThere = existsSync(file);
  if (isThere && statSync(file).isDirectory()) throw new CommandError(`${file} is a folder`, 2);
  try {
    accessSync(isThere ? file : folder, constants.W_OK);
  } catch {
    throw new CommandError(`${isThere ? file : `the folder ${folder}`} may not be written to`, 2);
  }
  return file;
}
