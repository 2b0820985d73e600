import { SingleBar } from 'cli-progress';

export interface Progress {
  update(done: number, total: number, words?: string): void;
  stop(): void;
}

/** Two positions as a bar counts: by their first number, which rises on every engine. */
export const logProgress = (at: string, head: string): [done: number, total: number] => [
  Number(at.split('/')[0]),
  Number(head.split('/')[0]),
];

/** A bar on a terminal, nothing in a pipe. It goes to stderr, so that a report on stdout stays clean. */
export function progressBar(what: string): Progress {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const bar = new SingleBar({
    format: `${what} {bar} {percentage}% {words}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: false,
  });
  let started = false;
  return {
    update: (done, total, words = '') => {
      if (!started) bar.start(Math.max(total, 1), 0, { words });
      started = true;
      bar.setTotal(Math.max(total, 1));
      bar.update(done, { words });
    },
    stop: () => {
      if (started) bar.stop();
    },
  };
}
