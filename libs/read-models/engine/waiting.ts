import type pg from 'pg';
import { comparePositions, type Position } from '#libs/event-store';
import { readCheckpoints } from './checkpoint.js';

export interface Waiting {
  /** Every read model has passed `position`. */
  passed(position: Position): void;
  waitFor(position: Position, timeoutMs: number): Promise<boolean>;
  close(): void;
}

interface Waiter {
  readonly position: Position;
  readonly settle: (reached: boolean) => void;
}

/** How often the checkpoints are looked at while someone waits and the projector may be another process's. */
const pollMs = 20;

/** Read-your-writes: told by the projector of this process, else by looking at the checkpoints. */
export function createWaiting(pool: pg.Pool, told: () => boolean): Waiting {
  let known: Position | undefined;
  const waiters = new Set<Waiter>();
  let polling = false;

  const reached = (position: Position) => known !== undefined && comparePositions(position, known) <= 0;

  function passed(position: Position): void {
    if (known !== undefined && comparePositions(position, known) <= 0) return;
    known = position;
    for (const waiter of waiters) if (reached(waiter.position)) waiter.settle(true);
  }

  async function poll(): Promise<void> {
    if (polling) return;
    polling = true;
    // The projector of this process speaks for itself; a look now and then covers the moment it changes hands.
    for (let turn = 0; waiters.size > 0; turn++) {
      if (!told() || turn % 10 === 0) await look().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    polling = false;
  }

  async function look(): Promise<void> {
    let lowest: Position | undefined;
    for (const { position } of await readCheckpoints(pool)) {
      if (position === undefined) return;
      if (lowest === undefined || comparePositions(position, lowest) < 0) lowest = position;
    }
    if (lowest !== undefined) passed(lowest);
  }

  return {
    passed,
    waitFor(position, timeoutMs) {
      if (reached(position)) return Promise.resolve(true);
      return new Promise((resolve) => {
        const timer = setTimeout(() => waiter.settle(false), timeoutMs);
        const waiter: Waiter = {
          position,
          settle: (answer) => {
            clearTimeout(timer);
            waiters.delete(waiter);
            resolve(answer);
          },
        };
        waiters.add(waiter);
        void poll();
      });
    },
    close() {
      for (const waiter of waiters) waiter.settle(false);
    },
  };
}
