import type pg from 'pg';
import type { ImportSummary } from '#libs/application';
import { openHouse, type OpenedHouse } from '#libs/assembly';
import type { EventStore } from '#libs/event-store';
import { copyOut, fromCopyField } from './support/copy-stream.js';
import { importJournalOf } from './support/import-centres.js';
import { onKurrent } from './support/kurrentdb.js';
import { withClient } from '#libs/postgres';
import { configOf, inNewHome } from './support/lab.js';
import { goalOf, median, rounded, type Bench, type BenchOptions, type Measured } from './support/report.js';

/** Facts a centre of the generated journal leaves, roughly; the count that is reported is the real one. */
const factsPerCentre = 65;

/**
 * P3. A generated journal is imported, then all read models are folded anew; against reading the log and parsing it, and
 * beside it the same where the log is on KurrentDB.
 */
export const rebuild: Bench = async (options) => {
  const own = await rebuildOn({}, options, peersOnPostgres);
  const beside = await onKurrent(options.quick, 'rebuild of all read models', async ({ name, url }) => {
    const found = await rebuildOn({ QADAGA_EVENT_STORE_URL: url }, options, {});
    return rowsOf(found).map((row) => ({ ...row, name: `${row.name} on ${name}` }));
  });
  const streaming = Math.max(...Object.values(own.peers));
  return {
    measured: [...rowsOf(own), ...beside],
    goals: [
      goalOf('rebuild, to the fastest of the readings', own.rate / streaming, 0.3, 'x'),
      goalOf('rebuild', own.rate, 30_000, ' facts/s'),
    ],
    notes: [
      `${own.facts} facts of ${own.imported.cases} cases, from ${own.imported.rows} generated rows (${own.imported.rejected} of them wrong); rebuild is the median of ${own.rounds}`,
      'the import ran without a projector beside it',
    ],
  };
};

type Peers = { readonly [name: string]: (opened: OpenedHouse) => Promise<number> };

interface Found {
  readonly facts: number;
  readonly imported: ImportSummary;
  readonly importSeconds: number;
  readonly rounds: number;
  /** Facts a second, medians. */
  readonly rate: number;
  readonly peers: { readonly [name: string]: number };
}

const peersOnPostgres: Peers = {
  'log by COPY and JSON.parse': ({ databases }) => withClient(databases.app, readCopied),
  'log by pages and JSON.parse': ({ databases }) => withClient(databases.app, readPages),
};
/** What any engine can be asked. */
const throughThePort: Peers = { 'log through the port, as written': ({ store }) => readWritten(store) };

/** @param more of the environment: where the log is */
const rebuildOn = (more: NodeJS.ProcessEnv, { quick, seed, log }: BenchOptions, others: Peers): Promise<Found> =>
  inNewHome(async (home) => {
    const wanted = Number(process.env['BENCH_FACTS'] ?? (quick ? 50_000 : 1_000_000));
    const rounds = quick ? 1 : 3;
    const opened = await openHouse(configOf(home, more), { projector: false });
    try {
      if ((await opened.store.head()) !== undefined)
        throw new Error('the log holds facts of others: give an empty one');
      let began = performance.now();
      const imported = await importJournalOf(opened, Math.ceil(wanted / factsPerCentre), seed, log);
      const importSeconds = (performance.now() - began) / 1000;
      const facts = await readWritten(opened.store);
      log(`${facts} facts from ${imported.rows} rows imported in ${importSeconds.toFixed(1)} s`);
      const peers = Object.entries({ ...others, ...throughThePort });
      const rates = { rebuild: [] as number[], peers: peers.map(() => [] as number[]) };
      for (let round = 0; round < rounds; round++) {
        for (const [n, [, read]] of peers.entries()) {
          began = performance.now();
          if ((await read(opened)) !== facts) throw new Error('not all facts were read');
          rates.peers[n]!.push((facts * 1000) / (performance.now() - began));
        }
        const result = await opened.readModels.rebuild();
        if (result.facts !== facts) throw new Error('not all facts were folded');
        rates.rebuild.push((facts * 1000) / result.ms);
        log(`round ${round + 1}: rebuild ${Math.round(rates.rebuild.at(-1)!)} facts/s`);
      }
      return {
        facts,
        imported,
        importSeconds,
        rounds,
        rate: median(rates.rebuild),
        peers: Object.fromEntries(peers.map(([name], n) => [name, median(rates.peers[n]!)])),
      };
    } finally {
      await opened.close();
    }
  });

function rowsOf({ facts, imported, importSeconds, rate, peers }: Found): Measured[] {
  const unit = 'facts/s';
  return [
    { name: 'rebuild of all read models', rate: Math.round(rate), unit },
    ...Object.entries(peers).map(([name, of]) => ({ name, rate: Math.round(of), unit })),
    {
      name: 'import of the journal',
      rate: Math.round(facts / importSeconds),
      unit,
      note: `${rounded(imported.rows / importSeconds)} rows/s`,
    },
  ];
}

async function readWritten(store: EventStore): Promise<number> {
  let count = 0;
  for await (const batch of store.readWritten({ batchSize: 5000 })) count += batch.length;
  return count;
}

async function readPages(client: pg.Client): Promise<number> {
  let [after, count] = ['0', 0];
  for (;;) {
    const { rows } = await client.query<[string, string]>({
      name: 'bench-page',
      text: 'select position, body from log.facts where position > $1 order by position limit 5000',
      values: [after],
      rowMode: 'array',
    });
    if (rows.length === 0) return count;
    for (const [, body] of rows) if (typeof JSON.parse(body) === 'object') count++;
    after = rows.at(-1)![0];
  }
}

async function readCopied(client: pg.Client): Promise<number> {
  let count = 0;
  await copyOut(client, 'copy (select body from log.facts order by position) to stdout', (row) => {
    if (typeof JSON.parse(fromCopyField(row.toString('utf8'))) === 'object') count++;
  });
  return count;
}
