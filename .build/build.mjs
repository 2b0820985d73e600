// @ts-check
/*
 * `npm run build`: compiles with tsc, because Nest and TypeORM live on the metadata it writes, and lets esbuild make a few
 * files of the thousands a program is read from; finding and linking those was most of a start. Nothing is done when
 * nothing has changed, since every command begins with it. Plain JavaScript: it runs before anything is compiled.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
/** @param {string[]} parts */
const at = (...parts) => path.join(root, ...parts);
const programs = at('dist', 'programs');
const stamp = path.join(programs, 'made-from');
const dayMs = 86_400_000;

const sources = ['apps', 'libs', 'test'].flatMap((folder) =>
  readdirSync(at(folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|json)$/.test(file))
    .map((file) => at(folder, file)),
);
const inputs = [
  ...sources,
  ...['tsconfig.json', 'package.json', '.build/build.mjs', 'node_modules/.package-lock.json'].map((file) => at(file)),
];
/** How many files there are, and when the last of them was changed. */
const state = `${inputs.length} ${Math.max(...inputs.map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0)))}`;

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== state) {
  process.stderr.write('Compiling Qadaga, as its sources have changed …\n');
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', at('tsconfig.json')], { stdio: 'inherit', cwd: root });
  if (status !== 0) process.exit(status ?? 1);
  await bundle();
  // A program started before may still load parts of what was made then.
  for (const file of readdirSync(programs).map((name) => path.join(programs, name)))
    if (Date.now() - statSync(file).mtimeMs > dayMs) rmSync(file);
  writeFileSync(stamp, state);
}

async function bundle() {
  const { build } = await import('esbuild');
  /** Nest and TypeORM ask for packages that nobody need have, and can do without them. @type {import('esbuild').Plugin} */
  const optional = {
    name: 'optional',
    setup: ({ onResolve, resolve }) => {
      onResolve({ filter: /^[^./#]/ }, async ({ path: name, resolveDir, kind, importer, pluginData }) => {
        if (pluginData === optional) return undefined;
        const found = await resolve(name, { resolveDir, kind, importer, pluginData: optional });
        return found.errors.length > 0 ? { path: name, external: true } : found;
      });
    },
  };
  await build({
    absWorkingDir: root,
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
}
