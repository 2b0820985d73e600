import type { Observe } from '#libs/kernel';
import type { Append, EventStore } from './port.js';

const activityOf = (appends: readonly Append[]) => {
  const facts = appends.length === 1 ? appends[0]!.facts : appends.flatMap((append) => append.facts);
  return { kind: 'append', name: 'append', origins: facts, facts: facts.length } as const;
};

/** The same store with its appends watched: how long a writer waits, its turn in a batch included. */
export const observedStore = (store: EventStore, observe: Observe): EventStore => ({
  append: (append) => observe(activityOf([append]), () => store.append(append)),
  appendTogether: (appends) => observe(activityOf(appends), () => store.appendTogether(appends)),
  readStream: (stream, options) => store.readStream(stream, options),
  readStreams: (streams) => store.readStreams(streams),
  readAll: (options) => store.readAll(options),
  readWritten: (options) => store.readWritten(options),
  head: () => store.head(),
  subscribe: (options) => store.subscribe(options),
  close: () => store.close(),
});
