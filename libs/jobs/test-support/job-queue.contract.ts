import { derivedId, type Uuid } from '#libs/kernel';
import {
  HopelessJobError,
  RetryLaterError,
  processor,
  type AnyProcessor,
  type JobContext,
  type JobPayloads,
} from '../catalogue.js';
import type { JobQueue } from '../port.js';
import { Arrivals, eventually } from './arrivals.js';
import { insistent } from './insistent.js';

export interface QueueUnderTest {
  readonly queue: JobQueue;
  /** Lets this much of the queue's time go by; nothing to do where its time is the real one. */
  pass(ms: number): Promise<void>;
  /** Removes everything the queue holds outside of the process, as an accident would. */
  readonly wipe: () => Promise<void>;
  dispose(): Promise<void>;
}

const id = (n: number): Uuid => derivedId(String(n), 'test');
interface Call {
  readonly id: Uuid;
  readonly attempt: number;
}

/** What every adapter keeps. `inside`: the queue holds nothing outside of the process, so nothing can be wiped. */
export function jobQueueContract(start: () => Promise<QueueUnderTest>, { inside = false } = {}): void {
  let under: QueueUnderTest;
  let queue: JobQueue;
  let calls: Arrivals<Call>;
  let behave: (payload: JobPayloads['deliver-notice'], context: JobContext) => Promise<void>;

  const nothing = async () => {};
  const processors = (): AnyProcessor[] => [
    processor('sweep', async () => calls.add({ id: id(0), attempt: 1 })),
    processor(
      'deliver-notice',
      async (payload, context) => {
        calls.add({ id: payload.noticeIds[0]!, attempt: context.attempt });
        await behave(payload, context);
      },
      4,
    ),
    processor('send-alert', nothing),
    processor('follow-order', nothing),
  ];
  const deliver = (n: number, delayMs?: number) =>
    queue.enqueue('deliver-notice', { noticeIds: [id(n)] }, { jobId: `n-${n}`, ...(delayMs ? { delayMs } : {}) });
  const idle = () =>
    eventually(async () => {
      const { waiting, active } = (await queue.depth())['deliver-notice'];
      return waiting + active === 0;
    });

  beforeEach(async () => {
    under = await start();
    queue = insistent(under.queue);
    calls = new Arrivals();
    behave = nothing;
  });
  afterEach(async () => {
    await queue.close();
    await under.dispose();
  });

  it('runs what was queued before and after work began, with its payload', async () => {
    await deliver(1);
    await queue.work(processors());
    await deliver(2);
    const all = await calls.reach(2);
    expect(new Set(all)).toEqual(
      new Set([
        { id: id(1), attempt: 1 },
        { id: id(2), attempt: 1 },
      ]),
    );
  });

  it('holds a job once, however often it is queued, and takes it again when it is done', async () => {
    await deliver(1);
    await deliver(1);
    await queue.enqueueAll('deliver-notice', [
      { payload: { noticeIds: [id(1)] }, options: { jobId: 'n-1' } },
      { payload: { noticeIds: [id(2)] }, options: { jobId: 'n-2' } },
    ]);
    expect((await queue.depth())['deliver-notice'].waiting).toBe(2);
    await queue.work(processors());
    await calls.reach(2);
    await idle();
    await deliver(1);
    const all = await calls.reach(3);
    expect(all.map((call) => call.id).sort()).toEqual([id(1), id(1), id(2)].sort());
  });

  it('holds a delayed job back for its time', async () => {
    await queue.work(processors());
    await deliver(1, 300);
    await deliver(2);
    expect((await calls.reach(1))[0]!.id).toBe(id(2));
    expect((await queue.depth())['deliver-notice'].delayed).toBe(1);
    await under.pass(300);
    expect((await calls.reach(2))[1]!.id).toBe(id(1));
  });

  it('tries a failed job again at the time the job says', async () => {
    behave = async (_payload, { attempt }) => {
      if (attempt < 3) throw new RetryLaterError('not now', 20);
    };
    await queue.work(processors());
    await deliver(1);
    await under.pass(20);
    await under.pass(20);
    expect((await calls.reach(3)).map((call) => call.attempt)).toEqual([1, 2, 3]);
    await idle();
    expect(await queue.failures()).toEqual([]);
  });

  it('shows a job that waits for its next attempt, and runs it at once when asked to', async () => {
    behave = async (_payload, { attempt }) => {
      if (attempt === 1) throw new RetryLaterError('the other side is away', 500_000);
    };
    await queue.work(processors());
    await deliver(1);
    const [failure] = await eventually(async () => {
      const failures = await queue.failures();
      return failures.length > 0 && failures;
    });
    expect(failure).toEqual({
      name: 'deliver-notice',
      jobId: 'n-1',
      payload: { noticeIds: [id(1)] },
      reason: 'the other side is away',
      attempts: 1,
      state: 'retrying',
    });
    expect(await queue.retry('deliver-notice', 'n-1')).toBe(true);
    await calls.reach(2);
    await idle();
    expect(await queue.retry('deliver-notice', 'n-1')).toBe(false);
  });

  it('keeps a hopeless job in sight without trying again', async () => {
    let hopeless = true;
    behave = async () => {
      if (hopeless) throw new HopelessJobError('there is no such notice');
    };
    await queue.work(processors());
    await deliver(1);
    const failures = await eventually(async () => {
      const found = await queue.failures();
      return found.length > 0 && found;
    });
    expect(failures).toMatchObject([{ jobId: 'n-1', reason: 'there is no such notice', state: 'failed' }]);
    expect((await queue.depth())['deliver-notice'].failed).toBe(1);
    hopeless = false;
    expect(await queue.retry('deliver-notice', 'n-1')).toBe(true);
    await calls.reach(2);
  });

  it('keeps no address that a failure names', async () => {
    behave = async () => {
      throw new Error('550 5.1.1 <office@example.kz> is not known here');
    };
    await queue.work(processors());
    await deliver(1);
    const [failure] = await eventually(async () => {
      const found = await queue.failures();
      return found.length > 0 && found;
    });
    expect(failure!.reason).toMatch(/^550 5\.1\.1 .+ is not known here$/);
    expect(failure!.reason).not.toContain('office');
  });

  it('refuses to work with a missing or a doubled processor', async () => {
    await expect(queue.work(processors().slice(1))).rejects.toThrow('no processor for: sweep');
    await expect(queue.work([...processors(), processors()[1]!])).rejects.toThrow(
      'the queue deliver-notice has two processors',
    );
  });

  it('finishes the running job before it closes, and takes no other', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let finished = false;
    behave = async () => {
      await held;
      finished = true;
    };
    await queue.work(processors());
    const queued = deliver(1);
    await calls.reach(1);
    const closed = queue.close();
    release();
    await closed;
    await queued;
    expect(finished).toBe(true);
  });

  it('runs a schedule again and again, and leaves a living one alone', async () => {
    await queue.work(processors());
    expect(await queue.nextRun('sweep')).toBeUndefined();
    expect(await queue.ensureSchedule('sweep', 200)).toBe('made');
    expect(await queue.ensureSchedule('sweep', 200)).toBe('kept');
    expect(await queue.nextRun('sweep')).toBeDefined();
    for (let round = 0; round < 3; round++) await under.pass(200);
    await calls.reach(3);
  });

  if (inside) return;
  it('takes jobs and schedules again after everything it held was wiped', async () => {
    await queue.work(processors());
    await queue.ensureSchedule('sweep', 60_000);
    await deliver(1, 60_000);
    await under.wipe();
    expect(await queue.ensureSchedule('sweep', 60_000)).toBe('made');
    await deliver(1);
    await eventually(async () => calls.all.some((call) => call.id === id(1)));
  });
}
