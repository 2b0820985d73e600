import {
  comparePositions,
  type Position,
  type ReadAllOptions,
  type RecordedFact,
  type SubscribeOptions,
  type Subscription,
} from './port.js';
import type { Watch } from './watch.js';

/** At most `limit` facts with after < position <= upTo, in order; without bounds from the beginning, to the end. */
export type ReadBatch<F extends RecordedFact = RecordedFact> = (
  after: Position | undefined,
  upTo: Position | undefined,
  limit: number,
) => Promise<readonly F[]>;

/** The same for engines whose positions are a counter. */
export type ReadCounted<F extends RecordedFact = RecordedFact> = (
  after: number,
  upTo: number,
  limit: number,
) => Promise<readonly F[]>;

export const byCounter =
  <F extends RecordedFact>(read: ReadCounted<F>): ReadBatch<F> =>
  (after, upTo, limit) =>
    read(toCount(after), upTo === undefined ? Number.MAX_SAFE_INTEGER : toCount(upTo), limit);

export const defaultBatchSize = 2_000;
export const toCount = (position: Position | undefined): number => (position === undefined ? 0 : Number(position));
export const toPosition = (count: number): Position => String(count) as Position;

const lastOf = (batch: readonly RecordedFact[]) => batch.at(-1)!.position;

/** @throws RangeError for what is no size */
export function sizeOf(batchSize: number | undefined): number {
  const size = batchSize ?? defaultBatchSize;
  if (!Number.isInteger(size) || size < 1) throw new RangeError(`not a batch size: ${batchSize}`);
  return size;
}

/** A failure of a batch fetched ahead is met when the batch is awaited, or by nobody when the reader has gone. */
function ahead<F>(batch: Promise<readonly F[]>): Promise<readonly F[]> {
  batch.catch(() => {});
  return batch;
}

export async function* readAllBy<F extends RecordedFact>(
  read: ReadBatch<F>,
  options: ReadAllOptions = {},
): AsyncGenerator<readonly F[]> {
  const size = sizeOf(options.batchSize);
  const { after, upTo } = options;
  let next: Promise<readonly F[]> | undefined = read(after, upTo, size);
  while (next !== undefined) {
    const batch: readonly F[] = await next;
    // A short batch held everything there was. While the caller works on a full one, the next is under way.
    const goesOn = batch.length === size && (upTo === undefined || comparePositions(lastOf(batch), upTo) < 0);
    next = goesOn ? ahead(read(lastOf(batch), upTo, size)) : undefined;
    if (batch.length > 0) yield batch;
  }
}

export function subscribeBy(read: ReadCounted, watch: Watch, options: SubscribeOptions): Subscription {
  const size = sizeOf(options.batchSize);
  let stopped = false;
  const run = async () => {
    let after = toCount(options.after);
    let next: Promise<readonly RecordedFact[]> | undefined;
    while (!stopped) {
      const batch = await (next ?? read(after, Number.MAX_SAFE_INTEGER, size));
      next = undefined;
      if (stopped) return;
      if (batch.length > 0) {
        after = toCount(lastOf(batch));
        watch.notice(after);
        if (batch.length === size) next = ahead(read(after, Number.MAX_SAFE_INTEGER, size));
        await options.handle(batch);
      }
      if (batch.length === size || watch.known > after || stopped) continue;
      options.onCaughtUp?.(after === 0 ? undefined : toPosition(after));
      await watch.beyond(after);
    }
  };
  const done = run();
  return {
    done,
    stop: async () => {
      stopped = true;
      watch.wakeAll();
      await done.catch(() => {});
    },
  };
}
