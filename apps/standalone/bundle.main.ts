import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type Plugin } from 'esbuild';
import { projectRoot } from '#libs/platform';

/*
 * Makes a few files of the thousands a program is read from: finding and linking them was most of a start. `tsc` has
 * compiled before, because Nest and TypeORM live on the metadata that it writes.
 */

const at = (...parts: string[]) => path.join(projectRoot(), ...parts);
const programs = at('dist', 'programs');
const stamp = path.join(programs, 'made-from');
const dayMs = 86_400_000;

/** Nest and TypeORM ask for packages that nobody need have, and can do without them. */
const optional: Plugin = {
  name: 'optional',
  setup: ({ onResolve, resolve }) => {
    onResolve({ filter: /^[^./#]/ }, async ({ path: name, resolveDir, kind, importer, pluginData }) => {
      if (pluginData === optional) return undefined;
      const found = await resolve(name, { resolveDir, kind, importer, pluginData: optional });
      return found.errors.length > 0 ? { path: name, external: true } : found;
    });
  },
};

/** What was compiled and installed, by its last change. */
const inputs = ['dist/.tsbuildinfo', 'node_modules/.package-lock.json']
  .map((file) => (existsSync(at(file)) ? statSync(at(file)).mtimeMs : 'missing'))
  .join(' ');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== inputs) {
  await build({
    absWorkingDir: projectRoot(),
    entryPoints: {
      standalone: at('dist/apps/standalone/main.js'),
      api: at('dist/apps/api/main.js'),
      worker: at('dist/apps/worker/main.js'),
      qadaga: at('dist/apps/cli/main.js'),
    },
    outdir: programs,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    keepNames: true,
    logLevel: 'warning',
    plugins: [optional],
    // It has a native part, and is loaded only where the log lives on KurrentDB.
    external: ['@kurrent/kurrentdb-client'],
    // Packages in CommonJS ask for `require`, which a module does not have.
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);`,
    },
  });
  // A program started before may still load parts of what was made then.
  for (const file of readdirSync(programs).map((name) => path.join(programs, name)))
    if (Date.now() - statSync(file).mtimeMs > dayMs) rmSync(file);
  writeFileSync(stamp, inputs);
}
