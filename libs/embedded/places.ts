import { createHash } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { canEnter, type Account } from './account.js';
import { writeDurably } from './secrets.js';

const isInside = (directory: string, parent: string) => !path.relative(parent, directory).startsWith('..');

/** Where things may be kept that the account must reach although it cannot reach the home, best first. */
export function reachableRoots(home: string): readonly string[] {
  // What lives in the temporary directory is temporary; anything else must survive a reboot.
  return isInside(home, realpathSync(os.tmpdir())) ? [os.tmpdir()] : ['/var/lib', '/var/tmp', '/opt'];
}

/**
 * `<root>/qadaga-postgres` in the first root where it can be made and reached. It must be ours and writable by us alone:
 * in a directory open to all, someone else could have put one there first.
 */
export function ownDirectoryIn(roots: readonly string[], account: Account | undefined): string | undefined {
  for (const root of roots) {
    const directory = path.join(root, 'qadaga-postgres');
    try {
      mkdirSync(directory, { recursive: true, mode: 0o755 });
      const stat = lstatSync(directory);
      if (!stat.isDirectory() || stat.uid !== (process.getuid?.() ?? stat.uid)) continue;
      chmodSync(directory, 0o755);
      if (canEnter(account, directory)) return directory;
    } catch {
      continue;
    }
  }
  return undefined;
}

interface LocationRecord {
  readonly home: string;
  readonly dataDirectory: string;
}

export interface DataPlace {
  readonly directory: string;
  /** Undefined when it is inside the home. */
  readonly record?: LocationRecord;
}

const recordFile = (home: string) => path.join(home, 'postgres-location.json');

/** The place an earlier start chose, if there was one. @throws Error when it is gone, or belongs to another home. */
export function findDataPlace(home: string): DataPlace | undefined {
  const inside = path.join(home, 'postgres');
  if (existsSync(path.join(inside, 'PG_VERSION'))) return { directory: inside };
  if (!existsSync(recordFile(home))) return undefined;
  const record = JSON.parse(readFileSync(recordFile(home), 'utf8')) as LocationRecord;
  if (!existsSync(path.join(record.dataDirectory, 'PG_VERSION')))
    throw new Error(`${recordFile(home)} says the data is in ${record.dataDirectory}, but it is not there`);
  if (record.home !== home && existsSync(recordFile(record.home)))
    throw new Error(`${home} is a copy of ${record.home}: both would use the data in ${record.dataDirectory}`);
  return { directory: record.dataDirectory, record: { ...record, home } };
}

/** @throws Error when the account can reach neither the home nor any of the roots. */
export function chooseDataPlace(home: string, account: Account | undefined, roots: readonly string[]): DataPlace {
  if (canEnter(account, home)) return { directory: path.join(home, 'postgres') };
  const base = ownDirectoryIn(roots, account);
  if (base === undefined)
    throw new Error(
      `PostgreSQL must run as ${account?.name}, who can enter neither ${home} nor ${roots.join(', ')}: choose another home`,
    );
  const directory = path.join(base, `data-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  return { directory, record: { home, dataDirectory: directory } };
}

export function recordDataPlace(home: string, place: DataPlace): void {
  if (place.record !== undefined) writeDurably(recordFile(home), `${JSON.stringify(place.record)}\n`);
}
