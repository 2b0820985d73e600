import { OutdatedError } from '#libs/kernel';
import type { EventStore, ReadAllOptions, RecordedFact } from './port.js';

/** A newer release writes facts of this type; what to make of them is not known here. */
export class UnknownFactTypeError extends OutdatedError {
  override readonly name = 'UnknownFactTypeError';
  constructor({ type, stream, revision, position }: RecordedFact) {
    super(`${stream}/${revision} (position ${position}) is a ${type}, which this release does not know`, type);
  }
}

/**
 * The same store for who knows these types only (as they are read, upcasters applied), and must not go past another one
 * as if it were not there. A stream that holds one cannot be read at all; who goes along the log gets what lies before it
 * and then UnknownFactTypeError, which is also how a subscription ends. `readWritten` gives everything: it needs no meaning.
 */
export function knownTypesOnly(store: EventStore, known: ReadonlySet<string>): EventStore {
  const isUnknown = ({ type }: RecordedFact) => !known.has(type);
  const checked = (facts: readonly RecordedFact[]) => {
    const unknown = facts.find(isUnknown);
    if (unknown !== undefined) throw new UnknownFactTypeError(unknown);
    return facts;
  };
  /** What lies before the first unknown fact, and that. */
  const parted = (batch: readonly RecordedFact[]): readonly [readonly RecordedFact[], RecordedFact?] => {
    const at = batch.findIndex(isUnknown);
    return at === -1 ? [batch] : [batch.slice(0, at), batch[at]];
  };
  async function* readAll(options?: ReadAllOptions): AsyncGenerator<readonly RecordedFact[]> {
    for await (const batch of store.readAll(options)) {
      const [before, unknown] = parted(batch);
      if (before.length > 0) yield before;
      if (unknown !== undefined) throw new UnknownFactTypeError(unknown);
    }
  }
  return {
    append: (append) => store.append(append),
    appendTogether: (appends) => store.appendTogether(appends),
    readStream: async (stream, options) => checked(await store.readStream(stream, options)),
    readStreams: async (streams) => {
      const found = await store.readStreams(streams);
      for (const facts of found.values()) checked(facts);
      return found;
    },
    readAll,
    readWritten: (options) => store.readWritten(options),
    head: () => store.head(),
    subscribe: (options) =>
      store.subscribe({
        ...options,
        handle: async (batch) => {
          const [before, unknown] = parted(batch);
          if (before.length > 0) await options.handle(before);
          if (unknown !== undefined) throw new UnknownFactTypeError(unknown);
        },
      }),
    close: () => store.close(),
  };
}
