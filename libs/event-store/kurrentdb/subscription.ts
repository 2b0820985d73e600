import { setTimeout as wait } from 'node:timers/promises';
import { streamNameFilter, type AllStreamResolvedEvent, type AllStreamSubscription } from '@kurrent/kurrentdb-client';
import {
  comparePositions,
  type Position,
  type RecordedFact,
  type SubscribeOptions,
  type Subscription,
} from '../port.js';
import { sizeOf } from '../reading.js';
import { ExpiredError, isRefusal, pauseOf, type Connection } from './connection.js';
import { placeOf, type Received } from './envelope.js';
import { receivedFrom } from './stream-reader.js';

export interface SubscriptionParts {
  readonly connection: Connection;
  readonly prefixes: readonly string[];
  readonly decode: (received: Received) => RecordedFact;
  /** How long the server may take to confirm a subscription. */
  readonly attemptMs: number;
}

/** The server ended the subscription, or the way to it did; it is made anew from what was handled last. */
class SourceLostError extends Error {
  override readonly name = 'SourceLostError';
}

/**
 * Follows the log for ever: the client's subscription ends with its connection. The place to go on from moves with what
 * was handled and with nothing else: the server's checkpoints run ahead of who is still working on a batch.
 */
export function subscribe(parts: SubscriptionParts, options: SubscribeOptions): Subscription {
  const { connection } = parts;
  const size = sizeOf(options.batchSize);
  const stopping = new AbortController();
  const { signal } = stopping;
  let handled = options.after;
  let failures = 0;

  const run = async () => {
    while (!signal.aborted) {
      const { client } = connection;
      const source = client.subscribeToAll(
        {
          fromPosition: handled === undefined ? 'start' : placeOf(handled),
          filter: streamNameFilter({ prefixes: [...parts.prefixes] }),
        },
        { highWaterMark: size },
      );
      try {
        await follow(source);
      } catch (error) {
        if (!(error instanceof SourceLostError)) throw error;
        if (isRefusal(error.cause)) throw error.cause;
        connection.failed(client, error.cause);
        await wait(pauseOf(failures++), undefined, { signal }).catch(() => {});
      } finally {
        source.on('error', () => {});
        void source.unsubscribe().catch(() => {});
        source.destroy();
      }
    }
  };

  /** Until stopped. @throws SourceLostError when the source ends, and what `handle` throws */
  async function follow(source: AllStreamSubscription): Promise<void> {
    const news = listen(source, parts.attemptMs);
    const onAbort = () => news.wake();
    signal.addEventListener('abort', onAbort);
    let toTell = true;
    try {
      while (!signal.aborted) {
        const batch = take(source);
        if (batch.length > 0) {
          failures = 0;
          toTell = true;
          await options.handle(batch);
          handled = batch.at(-1)!.position;
        } else if (news.lost !== undefined) {
          throw new SourceLostError('the subscription ended', { cause: news.lost });
        } else {
          if (news.isLive && toTell) {
            toTell = false;
            options.onCaughtUp?.(handled);
          }
          await news.next();
        }
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      news.stop();
    }
  }

  /** What has come and was not handled yet; a server may show an event again. */
  function take(source: AllStreamSubscription): RecordedFact[] {
    const batch: RecordedFact[] = [];
    let last: Position | undefined = handled;
    while (batch.length < size) {
      const resolved = source.read() as AllStreamResolvedEvent | null;
      if (resolved === null) break;
      const [received] = receivedFrom([resolved]);
      if (received === undefined || (last !== undefined && comparePositions(received.position, last) <= 0)) continue;
      last = received.position;
      batch.push(parts.decode(received));
    }
    return batch;
  }

  const done = run();
  return {
    done,
    stop: async () => {
      stopping.abort();
      await done.catch(() => {});
    },
  };
}

interface News {
  /** The reader has been shown everything, and is shown what comes. */
  readonly isLive: boolean;
  readonly lost: unknown;
  next(): Promise<void>;
  wake(): void;
  stop(): void;
}

/** Listens to a subscription of the client; the events themselves stay in it until they are read. */
function listen(source: AllStreamSubscription, confirmMs: number): News {
  let isLive = false;
  let lost: unknown;
  let isNew = false;
  let wake: () => void = () => {};
  const tell = () => {
    isNew = true;
    wake();
  };
  const lose = (error: unknown) => {
    lost ??= error;
    tell();
  };
  const timer = setTimeout(() => lose(new ExpiredError('the subscription was not confirmed')), confirmMs);
  source.on('confirmation', () => clearTimeout(timer));
  source.on('caughtUp', () => {
    isLive = true;
    tell();
  });
  source.on('fellBehind', () => (isLive = false));
  source.on('error', lose);
  source.on('end', () => lose(new Error('the server ended the subscription')));
  source.on('close', () => lose(new Error('the subscription was closed')));
  source.on('readable', tell);
  return {
    get isLive() {
      return isLive;
    },
    get lost() {
      return lost;
    },
    next: async () => {
      if (!isNew) await new Promise<void>((resolve) => (wake = resolve));
      isNew = false;
    },
    wake: tell,
    stop: () => clearTimeout(timer),
  };
}
