import { drawUuid } from '#libs/kernel';
import {
  createPostgresJobQueue,
  createRedisJobQueue,
  jobNames,
  migrateJobs,
  processor,
  type AnyProcessor,
  type JobQueue,
  type Process,
} from '#libs/jobs';
import { findRedisServer, startRedisServer } from '../../libs/jobs/test-support/redis-server.js';
import { onPostgres } from './support/lab.js';
import { median, spread, type Bench, type BenchOptions, type Measured } from './support/report.js';

/** A queue nobody else has, on one of the backends. */
interface Backend {
  readonly name: string;
  /** A client of its own each time: one works, another adds. */
  open(): JobQueue;
}

/** Q. What the queue's port does on either backend, side by side: adding, working, and how soon a job is begun. */
export const queueing: Bench = (options) =>
  onPostgres(async (server) => {
    const app = server.config('qadaga', 'app');
    await migrateJobs(server.config('qadaga', 'owner'), app.user);
    const redis = findRedisServer() ? await startRedisServer() : undefined;
    const backends: Backend[] = [
      { name: 'PostgreSQL', open: () => createPostgresJobQueue({ config: app }) },
      ...(redis ? [{ name: 'Redis', open: () => createRedisJobQueue({ url: redis.url }) }] : []),
    ];
    try {
      const measured: Measured[] = [];
      for (const kind of [adding, working, pickingUp]) measured.push(...(await kind(backends, options)));
      if (redis === undefined) measured.push({ name: 'Redis', note: 'not present: no redis-server on the PATH' });
      return {
        measured,
        goals: [],
        notes: [
          'through the port, as the engine uses it: ids given, done jobs leave no trace; medians of rounds that take turns',
          'not the same durability: Redis kept nothing on the disk, PostgreSQL wrote without waiting for it (synchronous_commit off)',
        ],
      };
    } finally {
      await redis?.stop();
    }
  });

const job = () => {
  const id = drawUuid();
  return { payload: { noticeIds: [id] }, options: { jobId: `notice-${id}` } };
};

const all = (handle: Process<'deliver-notice'>, concurrency: number): readonly AnyProcessor[] =>
  jobNames.map((name) =>
    name === 'deliver-notice' ? processor(name, handle, concurrency) : processor(name, async () => {}),
  ) as AnyProcessor[];

/** Runs `round` on every backend in turns, the first time to warm up. @returns rates by backend */
async function inTurns(
  backends: readonly Backend[],
  { quick }: BenchOptions,
  round: (backend: Backend) => Promise<{ readonly count: number; readonly ms: number }>,
): Promise<ReadonlyMap<string, number>> {
  const rates = new Map(backends.map(({ name }) => [name, [] as number[]]));
  for (let turn = 0; turn <= (quick ? 1 : 5); turn++)
    for (const backend of backends) {
      const { count, ms } = await round(backend);
      if (turn > 0) rates.get(backend.name)!.push((count * 1000) / ms);
    }
  return new Map([...rates].map(([name, some]) => [name, Math.round(median(some))]));
}

async function adding(backends: readonly Backend[], options: BenchOptions): Promise<Measured[]> {
  const count = options.quick ? 200 : 2_000;
  const ways: { readonly [name: string]: (queue: JobQueue) => Promise<unknown> } = {
    'add, one after the other': async (queue) => {
      for (let n = 0; n < count; n++) await add(queue);
    },
    'add, 100 at a time': async (queue) => {
      for (let n = 0; n < count; n += 100) await Promise.all(Array.from({ length: 100 }, () => add(queue)));
    },
    'add, 500 in one step': (queue) => queue.enqueueAll('deliver-notice', Array.from({ length: count }, job)),
  };
  const measured: Measured[] = [];
  for (const [name, way] of Object.entries(ways)) {
    const rates = await inTurns(backends, options, async (backend) => {
      const queue = backend.open();
      try {
        await queue.depth();
        const began = performance.now();
        await way(queue);
        return { count, ms: performance.now() - began };
      } finally {
        await queue.close();
      }
    });
    for (const [backend, rate] of rates) measured.push({ name: `${name}, ${backend}`, rate, unit: 'jobs/s' });
    options.log(`${name} done`);
  }
  for (const backend of backends) await emptied(backend);
  return measured;
}

function add(queue: JobQueue): Promise<void> {
  const { payload, options } = job();
  return queue.enqueue('deliver-notice', payload, options);
}

/** What lies in the queue is worked off, by so many at a time. @returns how long it took and how many there were */
async function worked(backend: Backend, count: number, concurrency: number): Promise<{ count: number; ms: number }> {
  const queue = backend.open();
  try {
    let done = 0;
    let finish = () => {};
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const began = performance.now();
    await queue.work(
      all(async () => {
        if (++done === count) finish();
      }, concurrency),
    );
    if (count > 0) await finished;
    return { count, ms: performance.now() - began };
  } finally {
    await queue.close();
  }
}

async function emptied(backend: Backend): Promise<void> {
  const queue = backend.open();
  const { waiting } = (await queue.depth())['deliver-notice'];
  await queue.close();
  await worked(backend, waiting, 50);
}

async function working(backends: readonly Backend[], options: BenchOptions): Promise<Measured[]> {
  const count = options.quick ? 200 : 3_000;
  const measured: Measured[] = [];
  for (const concurrency of [1, 8, 50]) {
    const rates = await inTurns(backends, options, async (backend) => {
      const queue = backend.open();
      await queue.enqueueAll('deliver-notice', Array.from({ length: count }, job));
      await queue.close();
      return worked(backend, count, concurrency);
    });
    for (const [backend, rate] of rates)
      measured.push({ name: `work, ${concurrency} at a time, ${backend}`, rate, unit: 'jobs/s' });
    options.log(`work, ${concurrency} at a time done`);
  }
  return measured;
}

/** From asking for it to its beginning, one job after the other with a worker that has nothing else to do. */
async function pickingUp(backends: readonly Backend[], { quick }: BenchOptions): Promise<Measured[]> {
  const measured: Measured[] = [];
  for (const backend of backends) {
    const [adder, worker] = [backend.open(), backend.open()];
    try {
      let begun = () => {};
      await worker.work(all(async () => begun(), 8));
      const times: number[] = [];
      for (let n = 0; n < (quick ? 30 : 500); n++) {
        const began = performance.now();
        const beginning = new Promise<void>((resolve) => (begun = resolve));
        await add(adder);
        await beginning;
        if (n >= 10) times.push(performance.now() - began);
      }
      measured.push({ name: `from adding to its beginning, ${backend.name}`, ...spread(times) });
    } finally {
      await worker.close();
      await adder.close();
    }
  }
  return measured;
}
