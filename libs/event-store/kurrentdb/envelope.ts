import { binaryEvent, type BinaryEventType, type EventData, type RecordedEvent } from '@kurrent/kurrentdb-client';
import { encodeAppend, FactTooLargeError, type EncodedAppend, type StoredFact } from '../codec.js';
import { StoreUnavailableError, type Append, type Position } from '../port.js';

/** The server's default limit for one append, and ours whatever the server's is. */
export const maxAppendBytes = 1_048_576;

/** Under this name in an event's metadata: which call of `append` wrote it. */
const appendIdKey = 'appendId';

export interface PreparedAppend extends EncodedAppend {
  readonly events: readonly EventData[];
  /** The server answers a repeat like the first time; by this an append knows its own events from those of another. */
  readonly appendId: string;
  readonly bytes: number;
}

type Envelope = BinaryEventType<string, Record<string, string>>;

/**
 * An append as the client wants it. The body goes as bytes, not as the client's JSON: that would be written anew, with
 * other bytes for keys that look like numbers.
 * @throws RangeError for a stream that readers of `$all` would not be shown
 * @throws FactTooLargeError for more than the server takes
 */
export function prepareAppend(append: Append, prefixes: readonly string[]): PreparedAppend {
  const encoded = encodeAppend(append);
  if (!prefixes.some((prefix) => append.stream.startsWith(prefix)))
    throw new RangeError(`no reader of the whole log would be shown ${JSON.stringify(append.stream)}`);
  const appendId = crypto.randomUUID();
  let bytes = 0;
  const events = encoded.facts.map(({ id, type, body }, n) => {
    const { correlationId, causationId } = append.facts[n]!.meta;
    const metadata = { $correlationId: correlationId, $causationId: causationId, [appendIdKey]: appendId };
    const data = Buffer.from(body, 'utf8');
    // As the server counts: names in UTF-16.
    bytes += data.length + Buffer.byteLength(JSON.stringify(metadata)) + 2 * type.length;
    return binaryEvent<Envelope>({ id, type, data, metadata });
  });
  if (bytes > maxAppendBytes)
    throw new FactTooLargeError(
      `appending ${events.length} facts to ${append.stream} takes ${bytes} bytes, the limit is ${maxAppendBytes}`,
    );
  return { ...encoded, events, appendId, bytes };
}

export interface Received extends StoredFact {
  readonly appendId: string | undefined;
}

export function receivedOf({ streamId, id, revision, data, metadata, position }: RecordedEvent): Received {
  if (position === undefined)
    throw new StoreUnavailableError(
      'the server does not tell positions of events in a stream; it must be 24.10 or later',
    );
  return {
    position: positionOf(position),
    stream: streamId,
    revision: Number(revision),
    id,
    body: bodyOf(data),
    appendId: (metadata as Record<string, string> | undefined)?.[appendIdKey],
  };
}

/** What came as JSON is not ours; the text of what the client made of it cannot be the canonical one but by chance. */
const bodyOf = (data: unknown): string =>
  ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')
    : JSON.stringify(data);

export interface LogPlace {
  readonly commit: bigint;
  readonly prepare: bigint;
}

export const positionOf = ({ commit, prepare }: LogPlace): Position => `${commit}/${prepare}` as Position;

/** @throws RangeError for the position of another engine */
export function placeOf(position: Position): LogPlace {
  const [commit, prepare] = /^\d+\/\d+$/.test(position) ? position.split('/').map(BigInt) : [];
  if (commit === undefined || prepare === undefined)
    throw new RangeError(`not a position of this event store: ${JSON.stringify(position).slice(0, 60)}`);
  return { commit, prepare };
}
