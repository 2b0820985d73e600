import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { identityOf, type Account } from './account.js';
import type { Binaries } from './binaries.js';
import type { Lifeline } from './lifeline.js';

/**
 * PostgreSQL lives as long as somebody holds the other end of a pipe: when the last holder dies, even by kill -9, the
 * kernel closes the pipe, a reader sees its end and shuts PostgreSQL down. $1 is the signal to do it with, $2 a directory to remove
 * afterwards (or empty), the rest is the command. The reader is a process of its own: it outlives its shell.
 */
const shell = `
signal=$1; leftover=$2; shift 2
"$@" </dev/null 3<&- & postmaster=$!
trap 'kill -$signal $postmaster' INT TERM
(read -r _; kill -$signal $postmaster) <&3 >/dev/null 2>&1 3<&- & reader=$!
wait $postmaster; code=$?
while kill -0 $postmaster 2>/dev/null; do wait $postmaster; code=$?; done
[ -n "$leftover" ] && rm -rf "$leftover"
kill $reader 2>/dev/null
exit $code`;

/** The same for Windows, which has no POSIX shell and no signals: pg_ctl stops it. */
const windowsScript = `
const { spawn, spawnSync } = require('node:child_process');
const [mode, leftover, pgCtl, data, program, ...args] = process.argv.slice(1);
const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
const lifeline = new (require('node:net').Socket)({ fd: 3 });
lifeline.on('error', () => {}).on('close', () => spawnSync(pgCtl, ['stop', '-D', data, '-m', mode])).resume();
child.on('exit', (code) => {
  if (leftover) require('node:fs').rmSync(leftover, { recursive: true, force: true });
  process.exit(code ?? 1);
});`;

export interface Postmaster {
  /** Resolves at PostgreSQL's own "ready" line; rejects with its last words when it ends before. */
  readonly ready: Promise<void>;
  /** Resolves, never rejects, when PostgreSQL and its supervisor have ended. */
  readonly exited: Promise<void>;
  /** Asks for a shutdown; wait for `exited`. */
  shutDown(): void;
}

export interface PostmasterOptions {
  readonly binaries: Binaries;
  readonly dataDirectory: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly account: Account | undefined;
  /** Nobody will want the data again: stop at once and remove the directory. */
  readonly throwAway: boolean;
  /** Without it a pipe of this process alone. */
  readonly lifeline?: Lifeline | undefined;
  readonly onLog: (text: string) => void;
}

export const serverEnvironment = (home: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  ...(process.platform === 'win32' ? { SystemRoot: process.env['SystemRoot'], TEMP: process.env['TEMP'] } : {}),
  HOME: home,
  LC_ALL: 'C',
  TZ: 'UTC',
});

function launch(options: PostmasterOptions): ChildProcess {
  const { binaries, dataDirectory, throwAway } = options;
  const settings = Object.entries(options.settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const command = [binaries.postgres, '-D', dataDirectory, '-p', String(options.port), ...settings];
  const leftover = throwAway ? dataDirectory : '';
  const [program, ...args] =
    process.platform === 'win32'
      ? [
          process.execPath,
          '-e',
          windowsScript,
          throwAway ? 'immediate' : 'fast',
          leftover,
          binaries.pgCtl,
          dataDirectory,
          ...command,
        ]
      : ['sh', '-c', shell, 'sh', throwAway ? 'QUIT' : 'INT', leftover, ...command];
  const readEnd = options.lifeline?.readEnd();
  const child = spawn(program!, args, {
    ...identityOf(options.account),
    cwd: dataDirectory,
    env: serverEnvironment(dataDirectory),
    // A session of its own: a ^C at the terminal is for us, and we decide when PostgreSQL goes.
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'ignore', 'pipe', readEnd ?? 'pipe'],
  });
  if (readEnd !== undefined) closeSync(readEnd);
  return child;
}

export function startPostmaster(options: PostmasterOptions): Postmaster {
  const child = launch(options);
  const pipe = child.stdio[3] as Socket | null;
  const log = child.stderr as Socket;
  pipe?.on('error', () => {});
  const recent: string[] = [];
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', (error) => {
      recent.push(String(error));
      resolve();
    });
  });
  const ready = new Promise<void>((resolve, reject) => {
    let isReady = false;
    log.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      options.onLog(text);
      if (isReady) return;
      recent.push(text);
      if (!recent.join('').includes('database system is ready to accept connections')) return;
      isReady = true;
      recent.length = 0;
      // From here on PostgreSQL alone keeps no program running that has nothing left to do.
      for (const held of [child, log, pipe]) held?.unref();
      resolve();
    });
    void exited.then(() => {
      pipe?.destroy();
      // The last words may still be in the pipe when the exit is known.
      const fail = () => reject(new Error(`PostgreSQL ended while starting: ${recent.join('').slice(-2000)}`));
      if (log.closed) fail();
      else log.once('close', fail);
    });
  });
  ready.catch(() => {});
  return {
    ready,
    exited,
    shutDown: () => {
      child.ref();
      // The supervisor hands the signal on; Windows has only the pipe.
      if (process.platform !== 'win32') child.kill('SIGTERM');
      pipe?.destroy();
    },
  };
}
