import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { processIdentity } from './process-identity.js';

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isStale(content: string): boolean {
  const [pid, identity] = content.split('\n');
  return processIdentity(Number(pid)) !== identity;
}

/** Puts a complete lock file in place in one step, or answers false when there is one. */
function take(file: string): boolean {
  const own = `${file}.${randomUUID()}`;
  writeFileSync(own, `${process.pid}\n${processIdentity(process.pid)}\n`, { mode: 0o600 });
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(own);
  }
}

/**
 * Takes away the lock of a dead process. Two breakers could otherwise remove each other's fresh lock, so breaking has
 * a guard of its own; it is held for three system calls, hence one that is 10 s old was left by a killed breaker.
 */
function breakStale(file: string): void {
  const guard = `${file}.breaking`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 10_000) rmdirSync(guard);
    return;
  }
  try {
    const content = read(file);
    if (content !== undefined && isStale(content)) unlinkSync(file);
  } finally {
    rmdirSync(guard);
  }
}

/**
 * Runs `work` while no other process (nor another call in this one) does under the same file. The lock of a process
 * that died is broken.
 * @throws Error when the lock is not free within `timeoutMs`.
 */
export async function underStartLock<T>(file: string, timeoutMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  while (!take(file)) {
    const content = read(file);
    if (content !== undefined && isStale(content)) breakStale(file);
    else if (Date.now() > deadline) throw new Error(`${file} is held by process ${content?.split('\n')[0]}`);
    else await wait(20);
  }
  try {
    return await work();
  } finally {
    unlinkSync(file);
  }
}
