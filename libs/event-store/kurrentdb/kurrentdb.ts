import { checkName, decodeFact, decodeWritten, type Upcasters } from '../codec.js';
import {
  StoreUnavailableError,
  type EventStore,
  type ReadStreamOptions,
  type RecordedFact,
  type Subscription,
} from '../port.js';
import { readAllBy, type ReadBatch } from '../reading.js';
import { Connection, type Patience } from './connection.js';
import { connectionStringOf, type KurrentAddress } from './connection-string.js';
import { prepareAppend, type Received } from './envelope.js';
import { forEachAtOnce, StreamReader } from './stream-reader.js';
import { subscribe } from './subscription.js';
import { Writer } from './writer.js';

export interface KurrentStoreOptions {
  readonly address: KurrentAddress;
  /** The categories of our streams, with their hyphen: readers of the whole log are shown these and no others. */
  readonly streamPrefixes: readonly string[];
  readonly upcasters?: Upcasters;
  /** How long an append or a read goes on trying when the server is lost. Default 10 s. */
  readonly timeoutMs?: number;
  /** How long one attempt waits for an answer before it counts as lost. Default 3 s. */
  readonly attemptMs?: number;
}

/** @throws KurrentAddressError when the address has faults */
export function createKurrentEventStore(options: KurrentStoreOptions): EventStore {
  const { upcasters, timeoutMs = 10_000, attemptMs = 3_000, streamPrefixes: prefixes } = options;
  const patience: Patience = { attemptMs, timeoutMs };
  if (prefixes.length === 0 || prefixes.some((prefix) => prefix === '' || prefix.startsWith('$')))
    throw new RangeError('the event store needs the prefixes of its streams, and none is a system stream');
  const connection = new Connection(connectionStringOf(options.address));
  const reader = new StreamReader(connection, { patience, prefixes });
  const writer = new Writer({ connection, reader, patience });
  const subscriptions = new Set<Subscription>();
  const running = new Set<Promise<unknown>>();
  let closed = false;

  const open = () => {
    if (closed) throw new StoreUnavailableError('the event store is closed');
  };
  const decode = (received: Received): RecordedFact => decodeFact(received, upcasters);

  /** Closing waits for what is under way. */
  async function tracked<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }

  async function readStream(stream: string, { direction, from, limit }: ReadStreamOptions = {}) {
    checkName('stream', stream);
    const count = limit ?? Number.MAX_SAFE_INTEGER;
    if (count < 1) return [];
    const received =
      direction === 'backward'
        ? await reader.backward(stream, from, count)
        : await reader.forward(stream, from ?? 0, count);
    return received.map(decode);
  }

  const readBy =
    <F extends RecordedFact>(decodeOne: (received: Received) => F): ReadBatch<F> =>
    async (after, upTo, limit) =>
      (await reader.all(after, upTo, limit)).map(decodeOne);

  return {
    append: async (append) => {
      open();
      return tracked(writer.append(prepareAppend(append, prefixes)));
    },
    appendTogether: async (appends) => {
      open();
      return tracked(writer.appendTogether(appends.map((append) => prepareAppend(append, prefixes))));
    },
    readStream,
    readStreams: async (streams) => {
      const names = [...new Set(streams)];
      const found = await forEachAtOnce(names, async (name) => [name, await readStream(name)] as const);
      return new Map(found);
    },
    readAll: (given) => readAllBy(readBy(decode), given),
    readWritten: (given) => readAllBy(readBy(decodeWritten), given),
    head: () => reader.head(),
    subscribe: (given) => {
      open();
      const inner = subscribe({ connection, prefixes, decode, attemptMs }, given);
      const subscription: Subscription = {
        done: inner.done,
        stop: async () => {
          await inner.stop();
          subscriptions.delete(subscription);
        },
      };
      subscriptions.add(subscription);
      return subscription;
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await Promise.allSettled(running);
      await connection.close();
    },
  };
}
