import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

/**
 * The directory with Qadaga's package.json, found from this file upwards: right from the sources and from `dist` alike,
 * whatever the working directory is. @throws Error when there is none above.
 */
export function projectRoot(): string {
  if (found !== undefined) return found;
  let directory = path.dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = path.join(directory, 'package.json');
    if (existsSync(file) && (JSON.parse(readFileSync(file, 'utf8')) as { name?: string }).name === 'qadaga')
      return (found = directory);
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error('no package.json of qadaga above this file');
    directory = parent;
  }
}
