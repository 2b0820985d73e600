import { readdirSync } from 'node:fs';
import path from 'node:path';

export const rootDir = path.resolve(__dirname, '../..');

const generated = new Set(['node_modules', 'dist', '.git', 'coverage', '.qadaga']);

/** Files of the project below `dir`, relative to the root, with `/`; what is installed, built or data is left out. */
export function filesOf(dir: string, ending = ''): string[] {
  return readdirSync(path.join(rootDir, dir), { withFileTypes: true })
    .flatMap((entry) => {
      const name = dir === '.' ? entry.name : `${dir}/${entry.name}`;
      if (entry.isDirectory()) return generated.has(entry.name) ? [] : filesOf(name, ending);
      return entry.isFile() && name.endsWith(ending) ? [name] : [];
    })
    .sort();
}

/** Good enough for looking for words: a `//` inside a string goes too. */
export const withoutComments = (source: string): string =>
  source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:])\/\/.*$/gm, '$1');
