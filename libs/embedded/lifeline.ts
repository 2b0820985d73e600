import { spawnSync } from 'node:child_process';
import { closeSync, constants, lstatSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * A named pipe in the home. PostgreSQL's supervisor reads it and sees its end only when the last process that holds the
 * other side has gone, by whatever death: so PostgreSQL outlives the one who started it as long as another uses it.
 */
export interface Lifeline {
  /** A descriptor for the supervisor; close it once the supervisor has it. */
  readEnd(): number;
  release(): void;
}

const fileOf = (home: string) => path.join(home, 'postgres-lifeline');

/** Holds the home's lifeline, making it when it is not there. Undefined where there are no named pipes (Windows). */
export function holdLifeline(home: string): Lifeline | undefined {
  if (process.platform === 'win32') return undefined;
  const file = fileOf(home);
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFIFO()) {
    const made = spawnSync('mkfifo', ['-m', '600', file], { stdio: 'ignore' });
    if (made.status !== 0) return undefined;
  }
  // For both directions: opening one side alone waits for the other.
  const held = openSync(file, constants.O_RDWR);
  let released = false;
  return {
    readEnd: () => openSync(file, constants.O_RDONLY),
    release: () => {
      if (!released) closeSync(held);
      released = true;
    },
  };
}

/** When PostgreSQL was stopped for good. */
export const removeLifeline = (home: string): void => rmSync(fileOf(home), { force: true });
