import type { Position, ReadAllOptions, RecordedFact, SubscribeOptions, Subscription } from './port.js';
import type { Watch } from './watch.js';

/** Both engines with a counter read alike: at most `limit` facts with after < position <= upTo, in order. */
export type ReadBatch<F extends RecordedFact = RecordedFact> = (
  after: number,
  upTo: number,
  limit: number,
) => Promise<readonly F[]>;

export const defaultBatchSize = 2_000;
export const toCount = (position: Position | undefined): number => (position === undefined ? 0 : Number(position));
export const toPosition = (count: number): Position => String(count) as Position;

const lastOf = (batch: readonly RecordedFact[]) => toCount(batch.at(-1)!.position);

function sizeOf(batchSize: number | undefined): number {
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
  const upTo = options.upTo === undefined ? Number.MAX_SAFE_INTEGER : toCount(options.upTo);
  let next: Promise<readonly F[]> | undefined = read(toCount(options.after), upTo, size);
  while (next !== undefined) {
    const batch: readonly F[] = await next;
    // A short batch held everything there was. While the caller works on a full one, the next is under way.
    next = batch.length === size && lastOf(batch) < upTo ? ahead(read(lastOf(batch), upTo, size)) : undefined;
    if (batch.length > 0) yield batch;
  }
}

export function subscribeBy(read: ReadBatch, watch: Watch, options: SubscribeOptions): Subscription {
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
        after = lastOf(batch);
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
