import type { PoolConfig } from 'pg';
import {
  checkName,
  decodeFact,
  decodeWritten,
  encodeAppend,
  encodeLater,
  type EncodedAppend,
  type StoredFact,
  type Upcasters,
} from './codec.js';
import { GatheredReads } from './gathered-reads.js';
import { hasConflict, isChained, judgePlace, judgeTogether, lastOf, withheld } from './judging.js';
import { Appender, bulkFacts } from './postgres-appender.js';
import { ReaderConnections, WriterConnection, type Cell, type Statement } from './postgres-connection.js';
import {
  StoreUnavailableError,
  type AppendResult,
  type EventStore,
  type Position,
  type RecordedFact,
  type Subscription,
} from './port.js';
import { byCounter, readAllBy, subscribeBy, toPosition } from './reading.js';
import { RecentFacts } from './recent-facts.js';
import { Watch } from './watch.js';

export interface PostgresStoreOptions {
  /** The application's role; the schema comes from `migrateEventStore`. */
  readonly config: PoolConfig;
  readonly upcasters?: Upcasters;
  /** How long an append or a read goes on trying when PostgreSQL is lost. Default 10 s. */
  readonly timeoutMs?: number;
  /** How often, while somebody waits for facts, to look for those other processes append. Default 25 ms. */
  readonly pollMs?: number;
}

const columns = 'position, stream, revision, id, body';
const readForward: Statement = {
  name: 'log-forward',
  text: `select ${columns} from log.facts where stream = $1 and revision >= $2 order by revision limit $3`,
};
const readBackward: Statement = {
  name: 'log-backward',
  text: `select ${columns} from log.facts where stream = $1 and revision <= $2 order by revision desc limit $3`,
};
const readStreams: Statement = {
  name: 'log-streams',
  text: `select ${columns} from log.facts where stream = any($1::text[]) order by stream, revision`,
};
const readOrder: Statement = {
  name: 'log-order',
  text: `select ${columns} from log.facts where position > $1 and position <= $2 order by position limit $3`,
};
const readHead: Statement = { name: 'log-head', text: 'select max(position) from log.facts' };
/** The facts in the place of an append, and the stream's last revision in every row (one row at least). */
const readPlace: Statement = {
  name: 'log-place',
  text: `select l.revision, f.id, f.position
    from (select coalesce(max(revision), -1) as revision from log.facts where stream = $1) l
    left join log.facts f on f.stream = $1 and f.revision between $2 and $3 order by f.revision`,
};

const maxRevision = 2 ** 31 - 1;

export function createPostgresEventStore(options: PostgresStoreOptions): EventStore {
  const { config, upcasters, timeoutMs = 10_000, pollMs = 25 } = options;
  const watch = new Watch();
  const writer = new WriterConnection(config);
  const recent = new RecentFacts();
  // A server that took over may lack the last facts, and give their positions to others.
  const readers = new ReaderConnections(config, timeoutMs, () => {
    recent.forget();
    watch.forget();
  });
  const appender = new Appender(writer, { timeoutMs, onCommitted: (position) => watch.notice(position) });
  const wholeStreams = new GatheredReads(readMany);
  const subscriptions = new Set<Subscription>();
  let closed = false;

  const decode = (row: readonly Cell[]): RecordedFact => decodeFact(storedOf(row), upcasters);
  async function readMany(streams: readonly string[]): Promise<ReadonlyMap<string, RecordedFact[]>> {
    const found = new Map<string, RecordedFact[]>(streams.map((stream) => [stream, []]));
    for (const row of await readers.query(readStreams, [[...found.keys()]]))
      found.get(row[1] as string)!.push(decode(row));
    for (const [stream, facts] of found) if (facts.length > 0) appender.seen(stream, facts.at(-1)!.revision);
    return found;
  }
  const isOpen = () => !closed;
  const open = () => {
    if (closed) throw new StoreUnavailableError('the event store is closed');
  };

  async function judge(encoded: EncodedAppend): Promise<AppendResult | 'fresh'> {
    const rows = await readers.query(readPlace, [encoded.stream, encoded.first, lastOf(encoded)]);
    const there = rows.map(([, id, position]) => ({ id: id as string, position: position as Position }));
    return judgePlace(encoded, rows[0]![0] as number, there);
  }

  async function append(encoded: EncodedAppend): Promise<AppendResult> {
    for (;;) {
      const written = await appender.append(encoded);
      if (written !== 'refused')
        return { outcome: 'appended', revision: lastOf(encoded), position: toPosition(written[0]!) };
      const judged = await judge(encoded);
      // The stream has come to where it was expected since.
      if (judged !== 'fresh') return judged;
    }
  }

  async function appendTogether(encoded: readonly EncodedAppend[]): Promise<readonly AppendResult[]> {
    let answers: readonly (AppendResult | 'fresh')[] = encoded.map(() => 'fresh');
    for (;;) {
      const fresh = encoded.filter((_, n) => answers[n] === 'fresh');
      if (isChained(fresh)) {
        const written = fresh.length === 0 ? [] : await appender.appendTogether(fresh);
        if (written !== 'refused') {
          const positions = written[Symbol.iterator]();
          return answers.map((answer, n) =>
            answer === 'fresh'
              ? { outcome: 'appended', revision: lastOf(encoded[n]!), position: toPosition(positions.next().value!) }
              : answer,
          );
        }
      }
      answers = await judgeTogether(encoded, judge);
      if (hasConflict(answers)) return withheld(encoded, answers);
    }
  }

  const readRows = (after: number, upTo: number, limit: number, isWanted?: () => boolean) =>
    readers.query(readOrder, [after, upTo, limit], isWanted);
  const read = async (...range: Parameters<typeof readRows>) => (await readRows(...range)).map(decode);
  const readWritten = async (after: number, upTo: number, limit: number) =>
    (await readRows(after, upTo, limit)).map((row) => decodeWritten(storedOf(row)));

  /** Like `read`, for those who follow the end of the log: what another of them has just read is not parsed again. */
  async function follow(after: number, upTo: number, limit: number, isWanted: () => boolean) {
    const known = recent.following(after, limit);
    if (known.length === limit) return known;
    const more = await read(after + known.length, upTo, limit - known.length, isWanted);
    recent.keep(more);
    return known.length === 0 ? more : [...known, ...more];
  }

  async function head(): Promise<Position | undefined> {
    const [[position] = []] = await readers.query(readHead, []);
    return (position as Position | null) ?? undefined;
  }

  const poll = setInterval(() => void look(), pollMs);
  poll.unref();
  let looking = false;
  async function look(): Promise<void> {
    if (looking || !watch.hasWaiting) return;
    looking = true;
    try {
      const [[position] = []] = await readers.query(readHead, [], isOpen);
      watch.notice(Number(position ?? 0));
    } catch {
      // Unreachable and closing; a subscription meets any other fault itself when it reads.
      watch.wakeAll();
    } finally {
      looking = false;
    }
  }

  return {
    append: async (given) => {
      open();
      return append(encodeAppend(given));
    },
    appendTogether: async (given) => {
      open();
      const facts = given.reduce((sum, append) => sum + append.facts.length, 0);
      return appendTogether(given.map(facts < bulkFacts ? encodeAppend : encodeLater));
    },
    readStream: async (stream, options = {}) => {
      checkName('stream', stream);
      const { direction = 'forward', from, limit } = options;
      if (direction === 'forward' && !from && limit === undefined) return wholeStreams.read(stream);
      const [statement, first] =
        direction === 'forward' ? [readForward, from ?? 0] : [readBackward, from ?? maxRevision];
      const facts = (
        await readers.query(statement, [stream, Math.min(first, maxRevision), limit ?? Number.MAX_SAFE_INTEGER])
      ).map(decode);
      const last = facts.at(direction === 'forward' ? -1 : 0);
      if (last !== undefined) appender.seen(stream, last.revision);
      return facts;
    },
    readStreams: readMany,
    readAll: (given) => readAllBy(byCounter(read), given),
    readWritten: (given) => readAllBy(byCounter(readWritten), given),
    head,
    subscribe: (given) => {
      open();
      let stopping = false;
      const isWanted = () => !closed && !stopping;
      const inner = subscribeBy((after, upTo, limit) => follow(after, upTo, limit, isWanted), watch, given);
      const subscription: Subscription = {
        done: inner.done,
        stop: async () => {
          stopping = true;
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
      clearInterval(poll);
      await Promise.all([...subscriptions].map((subscription) => subscription.stop()));
      await appender.idle();
      await Promise.all([writer.close(), readers.close()]);
    },
  };
}

const storedOf = ([position, stream, revision, id, body]: readonly Cell[]): StoredFact => ({
  position: position as Position,
  stream: stream as string,
  revision: revision as number,
  id: id as string,
  body: body as string,
});
