import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { startServerProcess } from './support/children.js';
import { inNewHome } from './support/lab.js';
import { goalOf, median, percentile, rounded, spread, type Bench } from './support/report.js';

/** P11. From the start of the process to the first right answer, in an empty home and in one that is there. */
export const start: Bench = async ({ quick, log }) => {
  const rounds = quick ? 1 : 5;
  const restMs = quick ? 2000 : 10_000;
  const [cold, warm, bare, rest]: number[][] = [[], [], [], []];
  for (let round = 0; round < rounds; round++)
    await inNewHome(async (home) => {
      cold!.push((await lifeOf(home)).ms);
      const second = await lifeOf(home, restMs);
      warm!.push(second.ms);
      rest!.push(second.restMb!);
      bare!.push(nodeMs());
      log(
        `round ${round + 1}: cold ${Math.round(cold!.at(-1)!)} ms, warm ${Math.round(second.ms)} ms, ${second.restMb} MB`,
      );
    });
  return {
    measured: [
      { name: 'cold start, an empty home', ...spread(cold!) },
      { name: 'warm start', ...spread(warm!) },
      { name: 'node doing nothing', ...spread(bare!) },
      { name: 'memory at rest, without PostgreSQL', rate: rounded(median(rest!)), unit: 'MB' },
    ],
    goals: [
      goalOf('cold start, median', percentile(cold!, 50) / 1000, 5, ' s', false),
      goalOf('warm start, median', percentile(warm!, 50) / 1000, 2, ' s', false),
      goalOf('memory at rest', median(rest!), 300, ' MB', false),
    ],
    notes: [
      `to the first 200 of /health/ready; memory is what the process keeps resident ${restMs / 1000} s later; ${rounds} rounds`,
    ],
  };
};

async function lifeOf(home: string, restMs?: number): Promise<{ readonly ms: number; readonly restMb?: number }> {
  const began = performance.now();
  const server = await startServerProcess(home);
  try {
    for (;;) {
      const answer = await fetch(`${server.url}/health/ready`);
      await answer.arrayBuffer();
      if (answer.ok) break;
      await wait(5);
    }
    const ms = performance.now() - began;
    if (restMs === undefined) return { ms };
    await wait(restMs);
    return { ms, restMb: Math.round(residentMb(server.pid)) };
  } finally {
    await server.stop();
  }
}

function residentMb(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kilobytes = existsSync(status)
    ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))![1])
    : Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return kilobytes / 1024;
}

function nodeMs(): number {
  const began = performance.now();
  execFileSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}
