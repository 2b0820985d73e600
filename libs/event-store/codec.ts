import { canonicalJson, findUuid, type Fact, type FactMeta, type Uuid } from '#libs/kernel';
import type { Append, FactToAppend, Position, RecordedFact, WrittenFact } from './port.js';

/** The longest stored body, in bytes of UTF-8. KurrentDB's default limit for one append is the same. */
export const maxBodyBytes = 1_048_576;

/** A fact whose canonical text is longer than `maxBodyBytes`; a document does not belong into a fact, its hash does. */
export class FactTooLargeError extends RangeError {
  override readonly name = 'FactTooLargeError';
}

/** What is stored does not agree with itself: somebody changed it behind the store's back. */
export class CorruptFactError extends Error {
  override readonly name = 'CorruptFactError';
}

/** Turns the stored form of an old type into its successor's. Pure; `fact` is the stored fact. */
export type Upcaster = (data: unknown, fact: Fact) => { readonly type: string; readonly data: unknown };
export type Upcasters = ReadonlyMap<string, Upcaster>;

export interface EncodedFact {
  readonly id: Uuid;
  readonly type: string;
  readonly revision: number;
  readonly body: string;
}

/** An append as the engines want it. `first` is the revision of its first fact. */
export interface EncodedAppend {
  readonly stream: string;
  readonly first: number;
  readonly count: number;
  readonly facts: readonly EncodedFact[];
}

// One line, so that names can be told apart by line breaks on the way to the engine.
const namePattern = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;

/** @throws RangeError when `name` is empty, longer than 200 characters, or holds a control character. */
export function checkName(what: 'stream' | 'type', name: string): void {
  if (!namePattern.test(name)) throw new RangeError(`not a ${what} name: ${JSON.stringify(name).slice(0, 300)}`);
}

const quotedTypes = new Map<string, string>();
/** Checks and quotes a type; there are few, and each comes back with every fact. */
function quoteType(type: string): string {
  let quoted = quotedTypes.get(type);
  if (quoted === undefined) {
    checkName('type', type);
    quoted = canonicalJson(type);
    if (quotedTypes.size < 1_000) quotedTypes.set(type, quoted);
  }
  return quoted;
}

/** The stored body: RFC 8785 text of the fact, byte for byte what the audit tree hashes. */
export const encodeFact = (fact: Fact): string =>
  assemble(fact, canonicalJson(fact.stream), fact.revision, canonicalJson(fact.meta));

// The members stand in canonical order, so only what is inside them has to be sorted.
const assemble = (fact: FactToAppend, quotedStream: string, revision: number, meta: string): string =>
  `{"data":${canonicalJson(fact.data)},"id":"${fact.id}","meta":${meta},"recordedAt":${canonicalJson(fact.recordedAt)},` +
  `"revision":${revision},"stream":${quotedStream},"type":${quoteType(fact.type)}}`;

/**
 * @throws FactTooLargeError for a fact longer than `maxBodyBytes`
 * @throws RangeError for no facts, an expected revision that is none, names and ids that cannot be
 * @throws TypeError for data without canonical form
 */
export function encodeAppend(append: Append): EncodedAppend {
  const place = placeOf(append);
  return { ...place, facts: encodeFacts(place, append.facts) };
}

/** The same, but that the facts are encoded when they are first asked for; what is wrong with them is thrown there. */
export function encodeLater(append: Append): EncodedAppend {
  const place = placeOf(append);
  let facts: readonly EncodedFact[] | undefined;
  return {
    ...place,
    get facts() {
      return (facts ??= encodeFacts(place, append.facts));
    },
  };
}

type Place = Omit<EncodedAppend, 'facts'>;

function placeOf({ stream, expected, facts }: Append): Place {
  checkName('stream', stream);
  if (facts.length === 0) throw new RangeError('an append needs a fact');
  if (expected !== 'none' && (!Number.isSafeInteger(expected) || expected < 0))
    throw new RangeError(`not a revision to expect: ${expected}`);
  const first = expected === 'none' ? 0 : expected + 1;
  if (first + facts.length > 2 ** 31) throw new RangeError(`a stream has no revision ${first + facts.length}`);
  return { stream, first, count: facts.length };
}

function encodeFacts({ stream, first }: Place, facts: readonly FactToAppend[]): readonly EncodedFact[] {
  const quotedStream = canonicalJson(stream);
  let meta: FactMeta | undefined;
  let metaText = '';
  return facts.map((fact, n) => {
    if (findUuid(fact.id) === undefined) throw new RangeError(`not a fact id: ${JSON.stringify(fact.id)}`);
    // The facts of one command share one meta object.
    if (fact.meta !== meta) [meta, metaText] = [fact.meta, canonicalJson(fact.meta)];
    const body = assemble(fact, quotedStream, first + n, metaText);
    // No UTF-16 unit takes more than three bytes, so most bodies need no counting.
    if (body.length * 3 > maxBodyBytes && Buffer.byteLength(body) > maxBodyBytes)
      throw new FactTooLargeError(
        `fact ${fact.type} is ${Buffer.byteLength(body)} bytes long, the limit is ${maxBodyBytes}`,
      );
    return { id: fact.id, type: fact.type, revision: first + n, body };
  });
}

export interface StoredFact {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly body: string;
}

const noUpcasters: Upcasters = new Map();

/** @throws CorruptFactError when the body is not the fact that stream, revision and id say it is. */
export function decodeFact(stored: StoredFact, upcasters: Upcasters = noUpcasters): RecordedFact {
  let fact: Fact;
  try {
    fact = JSON.parse(stored.body) as Fact;
  } catch (cause) {
    throw new CorruptFactError(`the fact at position ${stored.position} is no JSON`, { cause });
  }
  if (fact.stream !== stored.stream || fact.revision !== stored.revision || fact.id !== stored.id)
    throw new CorruptFactError(
      `the fact at position ${stored.position} says ${fact.stream}/${fact.revision}/${fact.id}, ` +
        `but is kept as ${stored.stream}/${stored.revision}/${stored.id}`,
    );
  const { type, data } = upcasters.size === 0 ? fact : upcast(fact, upcasters);
  const { id, stream, revision, recordedAt, meta } = fact;
  return { id, type, stream, revision, recordedAt, data, meta, position: stored.position };
}

/** @throws CorruptFactError also when the body is another text than the one this fact is written as. */
export function decodeWritten(stored: StoredFact): WrittenFact {
  const fact = decodeFact(stored);
  if (encodeFact(fact) !== stored.body)
    throw new CorruptFactError(`the fact at position ${stored.position} is not kept in its canonical form`);
  return { ...fact, text: stored.body };
}

function upcast(fact: Fact, upcasters: Upcasters): { readonly type: string; readonly data: unknown } {
  let { type, data }: { type: string; data: unknown } = fact;
  const seen = new Set<string>();
  for (let upcaster = upcasters.get(type); upcaster !== undefined; upcaster = upcasters.get(type)) {
    if (seen.has(type)) throw new Error(`the upcasters of ${[...seen].join(', ')} lead in a circle`);
    seen.add(type);
    ({ type, data } = upcaster(data, fact));
  }
  return { type, data };
}
