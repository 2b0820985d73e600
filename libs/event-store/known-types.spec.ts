import { appendOf, allOf } from './contract-facts.js';
import { createMemoryEventStore, knownTypesOnly, UnknownFactTypeError, type EventStore } from './index.js';

describe('a store for who knows some types only', () => {
  let everything: EventStore;
  let store: EventStore;

  /** Facts of three streams; the third fact of the log is of a type that only the newer release knows. */
  beforeEach(async () => {
    everything = createMemoryEventStore();
    store = knownTypesOnly(everything, new Set(['SomethingNoted']));
    await everything.append(appendOf('plain-1', 'none', 'one', 1, 2));
    const { facts, ...place } = appendOf('newer-1', 'none', 'two', 3);
    await everything.append({ ...place, facts: facts.map((fact) => ({ ...fact, type: 'SomethingSuspended' })) });
    await everything.append(appendOf('plain-2', 'none', 'three', 4));
  });
  afterEach(() => everything.close());

  const unknown = { name: 'UnknownFactTypeError', unknown: 'SomethingSuspended' };

  it('reads the streams it understands, and no other', async () => {
    expect(await store.readStream('plain-1')).toHaveLength(2);
    expect((await store.readStreams(['plain-1', 'plain-2'])).get('plain-2')).toHaveLength(1);
    await expect(store.readStream('newer-1')).rejects.toMatchObject(unknown);
    await expect(store.readStreams(['plain-1', 'newer-1'])).rejects.toMatchObject(unknown);
  });

  it('goes along the log up to there', async () => {
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const batch of store.readAll()) seen.push(...batch.map(({ data }) => data));
    })();
    await expect(reading).rejects.toMatchObject(unknown);
    expect(seen).toEqual([1, 2]);
    expect((await allOf(store, { after: '3' as never })).map(({ data }) => data)).toEqual([4]);
  });

  it.each([1, 2, 100])('ends a subscription there, in batches of %d', async (batchSize) => {
    const seen: unknown[] = [];
    const subscription = store.subscribe({
      batchSize,
      handle: async (batch) => void seen.push(...batch.map(({ data }) => data)),
    });
    await expect(subscription.done).rejects.toBeInstanceOf(UnknownFactTypeError);
    expect(seen).toEqual([1, 2]);
  });

  it('gives everything as it was written', async () => {
    const types: string[] = [];
    for await (const batch of store.readWritten()) types.push(...batch.map(({ type }) => type));
    expect(types).toEqual(['SomethingNoted', 'SomethingNoted', 'SomethingSuspended', 'SomethingNoted']);
  });
});
