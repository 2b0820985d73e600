import { EventEmitter } from 'node:events';

export type Expected = 'any' | 'no-stream' | 'exists' | number;

/** What a client proposes to store. */
export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** The two numbers of a place in the transaction log; they are byte offsets, never a count. */
export interface Place {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export interface Recorded extends Proposed, Place {
  readonly stream: string;
  readonly revision: number;
  /** In ticks of 100 ns since 1970, as the server says it. */
  readonly created: bigint;
}

export interface Write {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Proposed[];
}

/** `no-stream` as a revision. */
export const noRevision = -1;
/** The event number of the tombstone: nothing can come after it. */
export const tombstoneRevision = Number.MAX_SAFE_INTEGER;

export type Written =
  | { readonly outcome: 'success'; readonly revisions: readonly number[]; readonly place: Place | undefined }
  | { readonly outcome: 'wrong'; readonly index: number; readonly current: number }
  /** Some streams have the events already and others do not: no single answer fits. */
  | { readonly outcome: 'corrupted-idempotency' }
  | { readonly outcome: 'deleted'; readonly index: number };

/** Roles that may read, write and delete a stream, and read and write its metadata. */
export type Acl = { readonly [Right in '$r' | '$w' | '$d' | '$mr' | '$mw']?: string | readonly string[] };

interface StreamMetadata {
  readonly $maxCount?: number;
  readonly $maxAge?: number;
  readonly $tb?: number;
  readonly $acl?: Acl;
}

/** A soft-deleted stream is truncated before this number. */
const softDeletedBefore = Number.MAX_SAFE_INTEGER;

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
export const bytesOf = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');
export function comparePlaces(a: Place, b: Place): number {
  if (a.commit !== b.commit) return a.commit < b.commit ? -1 : 1;
  return a.prepare < b.prepare ? -1 : a.prepare > b.prepare ? 1 : 0;
}

export interface ServerLogOptions {
  /** All events of one write share the commit position, as in a transaction; each keeps its own prepare position. */
  readonly sharedCommits?: boolean;
}

/** The state of a server: one transaction log and the streams in it. Knows nothing of gRPC. */
export class ServerLog {
  readonly all: Recorded[] = [];
  /** `recorded` for each event once it is readable. */
  readonly news = new EventEmitter().setMaxListeners(0);
  readonly #streams = new Map<string, Recorded[]>();
  readonly #sharedCommits: boolean;
  #offset = 0n;

  constructor({ sharedCommits = false }: ServerLogOptions = {}) {
    this.#sharedCommits = sharedCommits;
    // A server's log does not begin with the user's first event.
    this.systemEvent('$users', '$UserCreated', { loginName: 'admin', groups: ['$admins'] });
    this.systemEvent('$settings', '$settings', {});
  }

  /** What the server writes for itself. */
  systemEvent(stream: string, type: string, data: unknown): void {
    this.#add([[stream, [{ id: crypto.randomUUID(), type, contentType: json, data: bytesOf(data), metadata: none }]]]);
  }

  get head(): Place | undefined {
    return this.all.at(-1);
  }

  /** All writes or none, each judged on its own; several streams at once as a session does. */
  write(writes: readonly Write[]): Written {
    const tombstoned = writes.findIndex(({ stream }) => this.isTombstoned(stream));
    if (tombstoned !== -1) return { outcome: 'deleted', index: tombstoned };
    const judged = writes.map((write) => this.#judge(write));
    if (judged.every((one) => one === 'new')) {
      const returned = writes.filter(({ stream }) => this.metadataOf(stream).$tb === softDeletedBefore);
      for (const { stream } of returned)
        this.#setMetadata(stream, { ...this.metadataOf(stream), $tb: this.lastRevision(stream) + 1 });
      const added = this.#add(writes.map(({ stream, events }) => [stream, events]));
      const revisions = writes.map(({ stream }) => this.lastRevision(stream));
      return { outcome: 'success', revisions, place: added.at(-1) };
    }
    if (judged.every((one) => one === 'idempotent')) {
      const lasts = writes.map(({ stream, events, expected }) => {
        const ids = new Set(events.map(({ id }) => id));
        const known = this.#streams.get(stream)!.filter(({ id }) => ids.has(id));
        return typeof expected === 'number' ? this.#at(stream, expected + events.length)! : known.at(-1)!;
      });
      return {
        outcome: 'success',
        revisions: lasts.map(({ revision }) => revision),
        place: [...lasts].sort(comparePlaces).at(-1),
      };
    }
    const wrong = judged.findIndex((one) => one === 'wrong' || one === 'corrupted');
    const mixed = judged.some((one) => one === 'idempotent' || one === 'corrupted');
    // With one stream the server says for old clients' sake that the version was wrong.
    if (wrong === -1 || (mixed && writes.length > 1)) return { outcome: 'corrupted-idempotency' };
    return { outcome: 'wrong', index: wrong, current: this.lastRevision(writes[wrong]!.stream) };
  }

  /** Truncates the stream by its metadata: its events stay in $all, and the next one goes on counting. */
  softDelete(stream: string, expected: Expected): Written {
    const judged = this.#expectation(stream, expected);
    if (this.isTombstoned(stream)) return { outcome: 'deleted', index: 0 };
    if (judged !== 'right') return { outcome: 'wrong', index: 0, current: this.lastRevision(stream) };
    const place = this.#setMetadata(stream, { ...this.metadataOf(stream), $tb: softDeletedBefore });
    return { outcome: 'success', revisions: [this.lastRevision(stream)], place };
  }

  tombstone(stream: string, expected: Expected): Written {
    if (this.isTombstoned(stream)) return { outcome: 'deleted', index: 0 };
    if (this.#expectation(stream, expected) !== 'right')
      return { outcome: 'wrong', index: 0, current: this.lastRevision(stream) };
    const event = { id: crypto.randomUUID(), type: '$streamDeleted', contentType: json, data: none, metadata: none };
    const [added] = this.#add([[stream, [event]]], tombstoneRevision);
    return { outcome: 'success', revisions: [tombstoneRevision], place: added };
  }

  isTombstoned(stream: string): boolean {
    return this.#streams.get(stream)?.at(-1)?.revision === tombstoneRevision;
  }

  lastRevision(stream: string): number {
    return this.#streams.get(stream)?.at(-1)?.revision ?? noRevision;
  }

  /** What a stream read shows: not what its metadata cuts off. Undefined when there is no stream (any more). */
  visible(stream: string): readonly Recorded[] | undefined {
    const events = this.#streams.get(stream);
    if (events === undefined) return undefined;
    const { $maxCount, $maxAge, $tb } = this.metadataOf(stream);
    if ($tb === softDeletedBefore) return undefined;
    const oldest = $maxAge === undefined ? undefined : now() - BigInt($maxAge) * 10_000_000n;
    const from = Math.max($tb ?? 0, $maxCount === undefined ? 0 : events.at(-1)!.revision + 1 - $maxCount);
    return events.filter(({ revision, created }) => revision >= from && (oldest === undefined || created >= oldest));
  }

  metadataOf(stream: string): StreamMetadata {
    const last = this.#streams.get(`$$${stream}`)?.at(-1);
    return last === undefined ? {} : (JSON.parse(textOf(last.data)) as StreamMetadata);
  }

  #setMetadata(stream: string, metadata: StreamMetadata): Place {
    const data = bytesOf(metadata);
    const event = { id: crypto.randomUUID(), type: '$metadata', contentType: json, data, metadata: none };
    return this.#add([[`$$${stream}`, [event]]])[0]!;
  }

  #at(stream: string, revision: number): Recorded | undefined {
    // No stream has holes, and the tombstone is last.
    const found = this.#streams.get(stream)?.[revision];
    return found?.revision === revision ? found : undefined;
  }

  #expectation(stream: string, expected: Expected): 'right' | 'behind' | 'ahead' {
    const current = this.lastRevision(stream);
    if (expected === 'any') return 'right';
    if (expected === 'exists') return current === noRevision ? 'ahead' : 'right';
    const revision = expected === 'no-stream' ? noRevision : expected;
    if (revision === current) return 'right';
    // A soft-deleted stream can be begun anew as if it had never been.
    if (expected === 'no-stream' && this.metadataOf(stream).$tb === softDeletedBefore) return 'right';
    return revision < current ? 'behind' : 'ahead';
  }

  #judge({ stream, expected, events }: Write): 'new' | 'idempotent' | 'corrupted' | 'wrong' {
    const expectation = this.#expectation(stream, expected);
    if (expectation === 'ahead') return 'wrong';
    if (expected === 'any' || expected === 'exists') {
      const existing = this.#streams.get(stream) ?? [];
      const known = events.map(({ id }) => existing.some((one) => one.id === id));
      if (events.length === 0 || !known[0]) return 'new';
      return known.every(Boolean) ? 'idempotent' : 'corrupted';
    }
    if (expectation === 'right') return 'new';
    const first = (expected === 'no-stream' ? noRevision : expected) + 1;
    const same = events.map(({ id }, n) => this.#at(stream, first + n)?.id === id);
    if (!same[0]) return 'wrong';
    return same.every(Boolean) ? 'idempotent' : 'corrupted';
  }

  #add(groups: readonly (readonly [string, readonly Proposed[]])[], revision?: number): Recorded[] {
    const created = now();
    const offsets: bigint[] = [];
    for (const [stream, events] of groups)
      for (const event of events) {
        offsets.push(this.#offset);
        this.#offset += BigInt(96 + stream.length + event.type.length + event.data.length + event.metadata.length);
      }
    const last = offsets.at(-1)!;
    const added: Recorded[] = [];
    for (const [stream, events] of groups) {
      const existing = this.#streams.get(stream) ?? [];
      this.#streams.set(stream, existing);
      for (const event of events) {
        const prepare = offsets[added.length]!;
        const recorded: Recorded = {
          ...event,
          stream,
          revision: revision ?? (existing.at(-1)?.revision ?? noRevision) + 1,
          created,
          prepare,
          commit: this.#sharedCommits ? last : prepare,
        };
        existing.push(recorded);
        added.push(recorded);
      }
    }
    this.all.push(...added);
    for (const recorded of added) this.news.emit('recorded', recorded);
    return added;
  }
}

const json = 'application/json';
const none = new Uint8Array();
const now = (): bigint => BigInt(Date.now()) * 10_000n;
