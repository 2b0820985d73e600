import pg, { type PoolConfig } from 'pg';
import { decodeFact, encodeAppend, type Upcasters } from './codec.js';
import type { AppendResult, EventStore, Position, RecordedFact } from './port.js';

/** What a draft can be asked: enough to judge a journal against it. */
export interface Draft extends Pick<EventStore, 'readStreams' | 'appendTogether'> {
  close(): Promise<void>;
}

export interface DraftOptions {
  /** The log that is drawn upon and left as it is. */
  readonly base: Pick<EventStore, 'readStreams'>;
  /** Of a role that may make temporary tables. */
  readonly config: PoolConfig;
  readonly upcasters?: Upcasters;
}

/** Facts of a draft stand nowhere in the order. */
const nowhere = '0' as Position;

/**
 * A log laid over another one: what is appended is read back behind what is there, and gone with `close`. It stands in
 * a temporary table of PostgreSQL, so that memory stays steady whatever is drafted. Nobody else can write into it, so
 * expected revisions are taken at their word.
 */
export async function openDraft({ base, config, upcasters }: DraftOptions): Promise<Draft> {
  const client = new pg.Client(config);
  await client.connect();
  await client.query(
    `create temporary table draft (stream text, revision int, id uuid, body text, primary key (stream, revision))`,
  );

  return {
    async readStreams(streams) {
      const [there, drafted] = await Promise.all([
        base.readStreams(streams),
        client.query<[string, number, string, string]>({
          name: 'draft-streams',
          text: 'select stream, revision, id, body from draft where stream = any($1::text[]) order by stream, revision',
          values: [streams],
          rowMode: 'array',
        }),
      ]);
      const found = new Map<string, RecordedFact[]>([...there].map(([stream, facts]) => [stream, [...facts]]));
      for (const [stream, revision, id, body] of drafted.rows)
        found.get(stream)!.push(decodeFact({ position: nowhere, stream, revision, id, body }, upcasters));
      return found;
    },
    async appendTogether(appends) {
      const encoded = appends.map(encodeAppend);
      const columns: [string[], number[], string[], string[]] = [[], [], [], []];
      for (const { stream, facts } of encoded)
        for (const { revision, id, body } of facts) {
          const row = [stream, revision, id, body] as const;
          row.forEach((cell, n) => (columns[n] as unknown[]).push(cell));
        }
      await client.query({
        name: 'draft-add',
        text: 'insert into draft select * from unnest($1::text[], $2::int[], $3::uuid[], $4::text[])',
        values: columns,
      });
      return encoded.map(({ first, count }): AppendResult => ({
        outcome: 'appended',
        revision: first + count - 1,
        position: nowhere,
      }));
    },
    close: () => client.end(),
  };
}
