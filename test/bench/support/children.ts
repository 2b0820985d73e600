import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { projectRoot } from '#libs/platform';

/** Where CPU profiles of measured processes go, if asked for. */
export const profileDir = process.env['BENCH_PROFILE'];
const profiling = profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`];

export interface Helper<Ask, Answer> {
  ask(message: Ask): Promise<Answer>;
  stop(): Promise<void>;
}

/** A program of this folder in a process of its own, asked one thing at a time over its message channel. */
export async function startHelper<Ask extends object, Answer>(name: string, args: readonly string[]) {
  const child = fork(fileURLToPath(new URL(`../${name}.js`, import.meta.url)), [...args], {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const answer = () =>
    new Promise<unknown>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`${name} ended with ${code}`));
      child.once('exit', onExit);
      child.once('message', (message) => {
        child.off('exit', onExit);
        resolve(message);
      });
    });
  await answer();
  const helper: Helper<Ask, Answer> = {
    ask: async (message) => {
      const answered = answer();
      child.send(message);
      const result = (await answered) as { readonly error?: string; readonly value?: Answer };
      if (result.error !== undefined) throw new Error(`${name}: ${result.error}`);
      return result.value as Answer;
    },
    stop: () => ended(child, () => child.disconnect()),
  };
  return helper;
}

/** The other side of `startHelper`. */
export function serveHelper<Ask, Answer>(
  answer: (message: Ask) => Promise<Answer>,
  onEnd: () => Promise<unknown>,
): void {
  const send = (message: object) => process.send?.(message);
  process.on('message', (message) => {
    answer(message as Ask).then(
      (value) => send({ value }),
      (error: unknown) => send({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => void onEnd().finally(() => process.exit()));
  send({ ready: true });
}

export interface ServerProcess {
  readonly pid: number;
  readonly url: string;
  /** From spawning it to its saying that it serves. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** `npm start` without npm: the real server on a home. */
export async function startServerProcess(home: string): Promise<ServerProcess> {
  const began = performance.now();
  const main = path.join(projectRoot(), 'dist/programs/standalone.js');
  const child = spawn(process.execPath, [...profiling, '--max-semi-space-size=32', main], {
    env: { ...withoutOurs(process.env), QADAGA_HOME: home, PORT: '0', QADAGA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // A benchmark that fails must not leave a server behind.
  const end = () => child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}: ${said.slice(-2000)}`)));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-20_000);
      const found = /serves on (\S+)/.exec(said);
      if (found) resolve(found[1]!);
    });
  });
  return {
    pid: child.pid!,
    url,
    readyMs: performance.now() - began,
    stop: () => ended(child, end),
  };
}

const withoutOurs = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('QADAGA_')));

async function ended(child: ChildProcess, end: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  end();
  await exit;
}
