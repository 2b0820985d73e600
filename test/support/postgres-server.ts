import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** The programs of an installed PostgreSQL server with `pg_basebackup`; Debian keeps them off the PATH. */
export function findPostgresPrograms(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => path.join(debian, version, 'bin')), ...pathFolders()];
  return folders.find((folder) =>
    ['initdb', 'pg_ctl', 'pg_basebackup'].every((name) => existsSync(path.join(folder, name))),
  );
}

const pathFolders = () => (process.env['PATH'] ?? '').split(path.delimiter);

/** A server as an administrator sets it up: an account of its own, a data folder, a configuration file. */
export interface ServerPlace {
  readonly programs: string;
  readonly data: string;
  readonly port: number;
}

/** PostgreSQL refuses to run as root. */
function account(): ExecFileSyncOptions {
  if (process.getuid?.() !== 0) return {};
  const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

export function runAs(programs: string, program: string, args: readonly string[]): void {
  // Not piped: a server that stays would keep the pipe open.
  execFileSync(path.join(programs, program), args, { ...account(), cwd: '/', stdio: 'ignore', timeout: 60_000 });
}

/** A folder that the server's account may write. */
export function serverFolder(folder: string): string {
  mkdirSync(folder, { mode: 0o700 });
  const { uid, gid } = account();
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid);
  return folder;
}

export function initServer({ programs, data, port }: ServerPlace, settings: readonly string[]): void {
  serverFolder(data);
  runAs(programs, 'initdb', ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8']);
  configure(data, [`port = ${port}`, `listen_addresses = '127.0.0.1'`, `unix_socket_directories = ''`, ...settings]);
}

/** Later lines count. */
export const configure = (data: string, lines: readonly string[]): void =>
  appendFileSync(path.join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);

/** While the server was down, somebody's outgoing connection may have been given its port for a moment. */
export async function startServerAt({ programs, data }: ServerPlace): Promise<void> {
  const log = path.join(data, 'server.log');
  for (let attempt = 1; ; attempt++) {
    try {
      return runAs(programs, 'pg_ctl', ['start', '-w', '-D', data, '-l', log]);
    } catch (error) {
      const said = existsSync(log) ? readFileSync(log, 'utf8').slice(-2_000) : '';
      if (attempt === 10 || !said.includes('Address already in use'))
        throw new Error(`the server did not start: ${said}`, { cause: error });
      await setTimeout(500);
    }
  }
}

export const stopServerAt = ({ programs, data }: ServerPlace, mode: 'fast' | 'immediate'): void =>
  runAs(programs, 'pg_ctl', ['stop', '-w', '-D', data, '-m', mode]);
