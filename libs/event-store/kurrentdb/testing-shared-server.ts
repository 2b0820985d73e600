import { encodeFact, type Upcasters } from '../codec.js';
import type { StoreUnderTest } from '../contract-facts.js';
import type { Append, EventStore, RecordedFact } from '../port.js';
import { storesOn } from './testing.js';

/**
 * For a server that keeps its log from test to test: each test gets streams of its own, which look as if their names
 * did not say whose they are.
 */
export function onSharedServer(url: string): StoreUnderTest {
  const own = `t${crypto.randomUUID().slice(0, 8)}.`;
  const stores = storesOn(url, { streamPrefixes: [own] });
  return {
    open: async ({ upcasters } = {}) =>
      named(stores.open(upcasters === undefined ? {} : { upcasters: upcastersFor(upcasters, own) }), own),
    end: () => stores.close(),
  };
}

/** How much longer a stored body is for it. */
export const sharedServerOverhead = 10;

/** An empty name stays one. */
const to = (own: string, stream: string) => (stream === '' ? '' : own + stream);

function from<F extends { readonly stream: string }>(own: string, fact: F): F {
  return { ...fact, stream: fact.stream.slice(own.length) };
}

const upcastersFor = (upcasters: Upcasters, own: string): Upcasters =>
  new Map([...upcasters].map(([type, upcast]) => [type, (data, fact) => upcast(data, from(own, fact))]));

function named(store: EventStore, own: string): EventStore {
  const append = (one: Append): Append => ({ ...one, stream: to(own, one.stream) });
  const facts = (some: readonly RecordedFact[]) => some.map((fact) => from(own, fact));
  return {
    ...store,
    append: (one) => store.append(append(one)),
    appendTogether: (some) => store.appendTogether(some.map(append)),
    readStream: async (stream, options) => facts(await store.readStream(to(own, stream), options)),
    readStreams: async (streams) => {
      const found = await store.readStreams(streams.map((stream) => to(own, stream)));
      return new Map([...found].map(([stream, some]) => [stream.slice(own.length), facts(some)]));
    },
    readAll: async function* (options) {
      for await (const batch of store.readAll(options)) yield facts(batch);
    },
    readWritten: async function* (options) {
      for await (const batch of store.readWritten(options))
        yield batch.map((fact) => ({ ...from(own, fact), text: encodeFact(from(own, fact)) }));
    },
    subscribe: (options) => store.subscribe({ ...options, handle: (batch) => options.handle(facts(batch)) }),
  };
}
