// Runs a TypeScript file in a process of its own, for tests that kill processes: `node testing-run.mjs FILE.ts ARGS...`.
// Jest compiles only inside itself, and the tests must not depend on a build.
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { transformSync } from '@swc/core';

const root = new URL('../../', import.meta.url);

export async function resolve(specifier, context, next) {
  const named = /^#(libs|apps)\/([^/]+)$/.exec(specifier);
  if (named) return { url: new URL(`${named[1]}/${named[2]}/index.ts`, root).href, shortCircuit: true };
  if (specifier.startsWith('.') && specifier.endsWith('.js') && context.parentURL?.endsWith('.ts')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, shortCircuit: true };
  }
  return next(specifier, context);
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const filename = fileURLToPath(url);
  const { code } = transformSync(readFileSync(filename, 'utf8'), {
    filename,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  });
  return { format: 'module', source: code, shortCircuit: true };
}

if (isMainThread) {
  register(import.meta.url);
  // A program that a test starts meets the same faults as the test itself.
  if (process.env.TOLD_FAILED) await import(new URL('test/support/told-failed.ts', root).href);
  const [file] = process.argv.splice(2, 1);
  await import(pathToFileURL(file).href);
}
