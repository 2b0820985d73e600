import type pg from 'pg';
import { openHouse } from '#libs/assembly';
import { copyOut, fromCopyField } from './support/copy-stream.js';
import { importJournalOf } from './support/import-centres.js';
import { configOf, inNewHome, withClient } from './support/lab.js';
import { goalOf, median, rounded, type Bench } from './support/report.js';

/** Facts a centre of the generated journal leaves, roughly; the count that is reported is the real one. */
const factsPerCentre = 65;

/** P3. A generated journal is imported, then all read models are folded anew; against reading the log and parsing it. */
export const rebuild: Bench = ({ quick, seed, log }) =>
  inNewHome(async (home) => {
    const wanted = Number(process.env['BENCH_FACTS'] ?? (quick ? 50_000 : 1_000_000));
    const rounds = quick ? 1 : 3;
    const opened = await openHouse(configOf(home), { projector: false });
    try {
      const centres = Math.ceil(wanted / factsPerCentre);
      let began = performance.now();
      const summary = await importJournalOf(opened, centres, seed, log);
      const importSeconds = (performance.now() - began) / 1000;
      const facts = Number((await opened.store.head()) ?? 0);
      log(`${facts} facts from ${summary.rows} rows imported in ${importSeconds.toFixed(1)} s`);
      const rates = { rebuild: [] as number[], pages: [] as number[], copied: [] as number[] };
      for (let round = 0; round < rounds; round++) {
        began = performance.now();
        const pages = await withClient(opened.databases.app, readPages);
        rates.pages.push((pages * 1000) / (performance.now() - began));
        began = performance.now();
        const copied = await withClient(opened.databases.app, readCopied);
        rates.copied.push((copied * 1000) / (performance.now() - began));
        const result = await opened.readModels.rebuild();
        if (result.facts !== facts || pages !== facts || copied !== facts) throw new Error('not all facts were read');
        rates.rebuild.push((facts * 1000) / result.ms);
        log(`round ${round + 1}: rebuild ${Math.round(rates.rebuild.at(-1)!)} facts/s`);
      }
      const rate = median(rates.rebuild);
      const streaming = Math.max(median(rates.pages), median(rates.copied));
      const unit = 'facts/s';
      return {
        measured: [
          { name: 'rebuild of all read models', rate: Math.round(rate), unit },
          { name: 'log by COPY and JSON.parse', rate: Math.round(median(rates.copied)), unit },
          { name: 'log by pages and JSON.parse', rate: Math.round(median(rates.pages)), unit },
          {
            name: 'import of the journal',
            rate: Math.round(facts / importSeconds),
            unit,
            note: `${rounded(summary.rows / importSeconds)} rows/s`,
          },
        ],
        goals: [
          goalOf('rebuild, to the faster of the two', rate / streaming, 0.3, 'x'),
          goalOf('rebuild', rate, 30_000, ' facts/s'),
        ],
        notes: [
          `${facts} facts of ${summary.cases} cases, from ${summary.rows} generated rows (${summary.rejected} of them wrong); rebuild is the median of ${rounds}`,
          'the import ran without a projector beside it',
        ],
      };
    } finally {
      await opened.close();
    }
  });

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
