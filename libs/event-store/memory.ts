import {
  checkName,
  decodeFact,
  decodeWritten,
  encodeAppend,
  type EncodedAppend,
  type StoredFact,
  type Upcasters,
} from './codec.js';
import { hasConflict, withheld } from './judging.js';
import type { AppendResult, EventStore, ReadStreamOptions, RecordedFact, Subscription } from './port.js';
import { StoreUnavailableError } from './port.js';
import { byCounter, readAllBy, subscribeBy, toPosition, type ReadCounted } from './reading.js';
import { Watch } from './watch.js';

export interface MemoryStoreOptions {
  readonly upcasters?: Upcasters;
}

/** A log that several stores can be opened on, as several processes are on one database. */
export function createMemoryLog(): { open(options?: MemoryStoreOptions): EventStore } {
  const log: Log = { facts: [], streams: new Map(), watch: new Watch() };
  return { open: (options) => openStore(log, options) };
}

/** A log in memory for tests and trials. It keeps the same bytes as the others, and forgets them with the process. */
export const createMemoryEventStore = (options?: MemoryStoreOptions): EventStore => createMemoryLog().open(options);

interface Log {
  readonly facts: StoredFact[];
  readonly streams: Map<string, StoredFact[]>;
  readonly watch: Watch;
}

function openStore({ facts: log, streams, watch }: Log, { upcasters }: MemoryStoreOptions = {}): EventStore {
  const subscriptions = new Set<Subscription>();
  let closed = false;

  const streamOf = (name: string): readonly StoredFact[] => streams.get(name) ?? [];
  const decode = (stored: StoredFact) => decodeFact(stored, upcasters);

  function judge({ stream, first, facts }: EncodedAppend, ahead = new Map<string, number>()): AppendResult | 'fresh' {
    const existing = streamOf(stream);
    const length = ahead.get(stream) ?? existing.length;
    if (length === first) return 'fresh';
    const last = existing[first + facts.length - 1];
    if (last !== undefined && facts.every((fact, n) => existing[first + n]!.id === fact.id))
      return { outcome: 'repeated', revision: last.revision, position: last.position };
    return { outcome: 'conflict', actual: length - 1 };
  }

  function add({ stream, facts }: EncodedAppend): AppendResult {
    const existing = streams.get(stream) ?? [];
    streams.set(stream, existing);
    for (const { id, revision, body } of facts) {
      const stored = { position: toPosition(log.length + 1), stream, revision, id, body };
      log.push(stored);
      existing.push(stored);
    }
    watch.notice(log.length);
    return { outcome: 'appended', revision: existing.length - 1, position: toPosition(log.length) };
  }

  function open(): void {
    if (closed) throw new StoreUnavailableError('the event store is closed');
  }

  const readBy =
    <F extends RecordedFact>(decodeOne: (stored: StoredFact) => F): ReadCounted<F> =>
    async (after, upTo, limit) =>
      log.slice(after, Math.min(after + limit, upTo)).map(decodeOne);
  const read = readBy(decode);

  return {
    append: async (append) => {
      open();
      const encoded = encodeAppend(append);
      const judged = judge(encoded);
      return judged === 'fresh' ? add(encoded) : judged;
    },
    appendTogether: async (appends) => {
      open();
      const encoded = appends.map(encodeAppend);
      const ahead = new Map<string, number>();
      const judged = encoded.map((one) => {
        const answer = judge(one, ahead);
        if (answer === 'fresh') ahead.set(one.stream, one.first + one.facts.length);
        return answer;
      });
      if (hasConflict(judged)) return withheld(encoded, judged);
      return judged.map((answer, n) => (answer === 'fresh' ? add(encoded[n]!) : answer));
    },
    readStream: async (
      stream,
      { direction = 'forward', from, limit = Number.MAX_SAFE_INTEGER }: ReadStreamOptions = {},
    ) => {
      checkName('stream', stream);
      const existing = streamOf(stream);
      const wanted =
        direction === 'forward'
          ? existing.slice(from ?? 0)
          : existing.slice(0, (from ?? existing.length) + 1).reverse();
      return wanted.slice(0, limit).map(decode);
    },
    readStreams: async (names) => new Map(names.map((name) => [name, streamOf(name).map(decode)])),
    readAll: (options) => readAllBy(byCounter(read), options),
    readWritten: (options) => readAllBy(byCounter(readBy(decodeWritten)), options),
    head: async () => (log.length === 0 ? undefined : toPosition(log.length)),
    subscribe: (options) => {
      open();
      const subscription = subscribeBy(read, watch, options);
      subscriptions.add(subscription);
      return subscription;
    },
    close: async () => {
      closed = true;
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
    },
  };
}
