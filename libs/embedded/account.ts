import { execFileSync, spawnSync } from 'node:child_process';

/** The account PostgreSQL runs under when we are root; it refuses to run as root itself. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const isRoot = () => process.platform !== 'win32' && process.getuid?.() === 0;

function idOf(name: string, option: '-u' | '-g'): number | undefined {
  try {
    return Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return undefined;
  }
}

/**
 * Undefined for an ordinary user: PostgreSQL then runs as that user. `dataOwner` is who owns an existing data
 * directory: it may never change hands, whichever accounts exist by now.
 * @throws Error when we are root and there is no account to drop to.
 */
export function accountToDropTo(dataOwner?: { readonly uid: number; readonly gid: number }): Account | undefined {
  if (!isRoot()) return undefined;
  if (dataOwner !== undefined && dataOwner.uid !== 0) return { name: `uid ${dataOwner.uid}`, ...dataOwner };
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf(name, '-u');
    const gid = idOf(name, '-g');
    if (uid !== undefined && gid !== undefined && uid !== 0) return { name, uid, gid };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is neither an account "postgres" nor "nobody" to run it under',
  );
}

export const identityOf = (account: Account | undefined) =>
  account === undefined ? {} : { uid: account.uid, gid: account.gid };

/** Asked of the system itself, by going there as that account: mode bits alone do not tell (ACLs, mounts, modules). */
export function canEnter(account: Account | undefined, directory: string): boolean {
  if (account === undefined) return true;
  return (
    spawnSync('sh', ['-c', 'cd "$1"', 'sh', directory], { ...identityOf(account), cwd: '/', stdio: 'ignore' })
      .status === 0
  );
}

export function canRun(account: Account | undefined, program: string): boolean {
  return (
    spawnSync(program, ['--version'], { ...identityOf(account), cwd: rootOf(program), stdio: 'ignore' }).status === 0
  );
}

const rootOf = (file: string) => (process.platform === 'win32' ? file.slice(0, 3) : '/');
