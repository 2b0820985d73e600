import { execFile } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { identityOf, type Account } from './account.js';
import type { Binaries } from './binaries.js';
import { commandLine, processIdentity } from './process-identity.js';
import { syncDirectory, type Credentials } from './secrets.js';
import { serverEnvironment } from './supervisor.js';

const run = promisify(execFile);

export interface ClusterOptions {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly account: Account | undefined;
  readonly superuser: Credentials['superuser'];
  readonly durable: boolean;
}

/** Makes the data directory beside its place and moves it there when complete, so that a kill leaves no half of one. */
export async function initializeCluster(options: ClusterOptions): Promise<void> {
  const { binaries, dataDirectory, account, superuser, durable } = options;
  const parent = path.dirname(dataDirectory);
  const fresh = `${dataDirectory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const secret = mkdtempSync(`${dataDirectory}.password-`);
  const passwordFile = path.join(secret, 'password');
  try {
    mkdirSync(fresh, { mode: 0o700 });
    writeFileSync(passwordFile, `${superuser.password}\n`, { mode: 0o600 });
    if (account !== undefined)
      for (const file of [fresh, secret, passwordFile]) chownSync(file, account.uid, account.gid);
    const fixed = [
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ];
    await run(
      binaries.initdb,
      [
        '-D',
        fresh,
        '-U',
        superuser.user,
        '--pwfile',
        passwordFile,
        ...fixed,
        '--data-checksums',
        ...(durable ? [] : ['--no-sync']),
      ],
      { ...identityOf(account), cwd: fresh, env: serverEnvironment(fresh) },
    );
    renameSync(fresh, dataDirectory);
    if (durable) syncDirectory(parent);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    throw new Error(
      `no database could be made in ${dataDirectory}: ${(error as { stderr?: string }).stderr || String(error)}`,
      { cause: error },
    );
  } finally {
    rmSync(secret, { recursive: true, force: true });
  }
}

/**
 * Ends what an earlier, killed owner left running on this data. A postmaster.pid whose number now belongs to a
 * stranger is removed: PostgreSQL would refuse to start, and a signal would hit the stranger.
 */
export async function clearOrphan(dataDirectory: string): Promise<void> {
  const file = lockFileOf(dataDirectory);
  const pid = findPostmaster(dataDirectory);
  if (pid === undefined) return;
  const identity = processIdentity(pid);
  // The lock file of a dead postmaster needs nothing from us: PostgreSQL replaces it and recovers.
  if (identity === undefined) return;
  const command = commandLine(pid);
  if (command !== undefined && !command.includes(dataDirectory)) {
    unlinkSync(file);
    return;
  }
  for (const [signal, patienceMs] of [
    ['SIGINT', 60_000],
    ['SIGQUIT', 10_000],
    ['SIGKILL', 10_000],
  ] as const) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      if (processIdentity(pid) !== identity) return;
      await wait(10);
    }
  }
  throw new Error(`a PostgreSQL left by an earlier start (process ${pid}) does not end`);
}

const lockFileOf = (dataDirectory: string) => path.join(dataDirectory, 'postmaster.pid');

/** The process the data directory's lock file names, alive or not. */
export function findPostmaster(dataDirectory: string): number | undefined {
  const file = lockFileOf(dataDirectory);
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

export const connectionTo = (port: number, credentials: Credentials, database: string, user: keyof Credentials) => ({
  host: '127.0.0.1',
  port,
  database,
  user: credentials[user].user,
  password: credentials[user].password,
});

export const databaseName = 'qadaga';

/** The two login roles; `database` if given, owned by the owner, closed to all but the two. Doing it again does nothing. */
export async function ensureRoles(client: pg.Client, credentials: Credentials): Promise<void> {
  const roles = await client.query<{ rolname: string }>('select rolname from pg_roles');
  const existing = new Set(roles.rows.map((row) => row.rolname));
  for (const { user, password } of [credentials.owner, credentials.app])
    if (!existing.has(user))
      await client.query(
        `create role ${client.escapeIdentifier(user)} login password ${client.escapeLiteral(password)}`,
      );
}

export async function ensureDatabase(client: pg.Client, credentials: Credentials, database: string): Promise<void> {
  const [name, owner, app] = [database, credentials.owner.user, credentials.app.user].map((n) =>
    client.escapeIdentifier(n),
  );
  const found = await client.query('select 1 from pg_database where datname = $1', [database]);
  if (found.rowCount === 0) await client.query(`create database ${name} owner ${owner}`);
  await client.query(
    `revoke all on database ${name} from public; grant connect, temporary on database ${name} to ${app}`,
  );
}
