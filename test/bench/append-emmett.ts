import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import { filingFact } from './support/facts.js';
import { serveHelper } from './support/children.js';
import { race, type Round } from './support/race.js';

export type { Round };
export interface EmmettAsk {
  readonly writers: number;
  readonly ms: number;
  readonly prefix: string;
}

/** Emmett's store in a process of its own: it changes how every `pg` client of its process reads numbers. */
const store = getPostgreSQLEventStore(process.argv[2]!);
await store.schema.migrate();

serveHelper<EmmettAsk, Round>(
  ({ writers, ms, prefix }) =>
    race(writers, ms, async (writer, revision) => {
      const stream = `case-bench-${prefix}-${writer}`;
      const { type, data, meta } = filingFact(stream, revision);
      const event = { type, data: { ...(data as object) }, metadata: { ...meta } };
      // Its "stream does not exist" is not checked; a number is.
      const result = await store.appendToStream(stream, [event], { expectedStreamVersion: BigInt(revision) });
      return result.nextExpectedStreamVersion === BigInt(revision + 1);
    }),
  () => store.close(),
);
