import { createPostgresEventStore, encodeFact, migrateEventStore, type Append } from '#libs/event-store';
import type { Fact } from '#libs/kernel';
import { copyField, copyIn } from './support/copy-stream.js';
import { filingFact, plainTable } from './support/facts.js';
import { withClient } from '#libs/postgres';
import { onPostgres } from './support/lab.js';
import { goalOf, median, rounded, spread, type Bench } from './support/report.js';

const factsPerStream = 5;

/** P2. Chunks as an import writes them, each one durable step; COPY writes chunks of the same rows the same way. */
export const bulk: Bench = ({ quick, log }) =>
  onPostgres(async (server) => {
    const chunkFacts = 4000;
    const chunks = quick ? 4 : 25;
    const rounds = quick ? 1 : 5;
    await migrateEventStore(server.config('qadaga', 'owner'), server.config('qadaga', 'app').user);
    const store = createPostgresEventStore({ config: server.config('qadaga', 'app') });
    const rates = { ours: [] as number[], ready: [] as number[], made: [] as number[] };
    const times = { ours: [] as number[], ready: [] as number[], made: [] as number[] };
    let position = 0;
    try {
      await withClient(server.config('qadaga', 'owner'), async (client) => {
        await client.query(plainTable('copied', 'given'));
        for (let round = 0; round <= rounds; round++) {
          const given = Array.from({ length: chunks }, (_, n) => chunkOf(chunkFacts, `${round}-${n}`));
          const ours = await timed(given, async (chunk) => {
            const results = await store.appendTogether(chunk);
            if (results.some(({ outcome }) => outcome !== 'appended'))
              throw new Error('a bulk append was not appended');
          });
          const first = position;
          const text = given.map((chunk) => linesOf(chunk, () => ++position));
          const copy = (lines: Buffer[]) => copyIn(client, 'copy public.copied from stdin', lines);
          const ready = await timed(text, copy);
          await client.query('delete from public.copied where position > $1', [first]);
          await client.query('vacuum public.copied');
          position = first;
          const made = await timed(given, (chunk) => copy(linesOf(chunk, () => ++position)));
          log(`round ${round} done`);
          if (round === 0) continue;
          for (const [name, took] of Object.entries({ ours, ready, made }) as ['ours', number[]][]) {
            times[name].push(...took);
            rates[name].push((chunks * chunkFacts * 1000) / took.reduce((sum, one) => sum + one, 0));
          }
        }
      });
    } finally {
      await store.close();
    }
    const rate = { ours: median(rates.ours), ready: median(rates.ready), made: median(rates.made) };
    const row = (name: string, key: keyof typeof rate) => ({
      name,
      rate: Math.round(rate[key]),
      unit: 'facts/s',
      ...spread(times[key]),
    });
    return {
      measured: [
        row('appendTogether', 'ours'),
        row('COPY of rows made before', 'ready'),
        row('COPY, rows made as it goes', 'made'),
      ],
      goals: [goalOf('bulk, to COPY of rows made before', rate.ours / rate.ready, 0.6, 'x')],
      notes: [
        `chunks of ${chunkFacts} facts in streams of ${factsPerStream}, one transaction each; times are of a chunk; ${rounds} rounds in turns`,
        `to COPY with the making of the rows' text: ${rounded(rate.ours / rate.made)}x; ours makes canonical text and answers for each append`,
      ],
    };
  });

function chunkOf(facts: number, name: string): Append[] {
  return Array.from({ length: facts / factsPerStream }, (_, n) => {
    const stream = `case-bulk-${name}-${n}`;
    const own = Array.from({ length: factsPerStream }, (_, revision) => filingFact(stream, revision));
    return { stream, expected: 'none', facts: own };
  });
}

function linesOf(chunk: readonly Append[], next: () => number): Buffer[] {
  const lines = chunk.flatMap(({ stream, facts }) =>
    facts.map((fact, revision) => {
      const body = copyField(encodeFact({ ...fact, stream, revision } as Fact));
      return `${next()}\t${stream}\t${revision}\t${fact.id}\t${fact.type}\t${body}\n`;
    }),
  );
  const buffers: Buffer[] = [];
  for (let from = 0; from < lines.length; from += 256)
    buffers.push(Buffer.from(lines.slice(from, from + 256).join('')));
  return buffers;
}

async function timed<T>(chunks: readonly T[], work: (chunk: T) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (const chunk of chunks) {
    const began = performance.now();
    await work(chunk);
    took.push(performance.now() - began);
  }
  return took;
}
