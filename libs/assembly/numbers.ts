import pg from 'pg';
import { formatNumber, numberPrefix, type NumberSeries, type NumberSource } from '#libs/application';

/** Numbers drawn at a time: a crash leaves that many unused at most, and a filing costs no round trip for its number. */
const block = 32;
/** At least so many numbers of each series and year are left out after a restore. */
const skipped = 10_000;

export async function migrateNumbers(owner: pg.ClientConfig, appRole: string): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(7238001)');
    await client.query('create schema if not exists numbers');
    await client.query(
      `create table if not exists numbers.series (
         series text not null, year int not null, last bigint not null, primary key (series, year))`,
    );
    await client.query(`grant usage on schema numbers to ${client.escapeIdentifier(appRole)}`);
    await client.query(`grant select, insert, update on numbers.series to ${client.escapeIdentifier(appRole)}`);
  } finally {
    await client.end();
  }
}

/**
 * After a restore: whoever filed after the backup was taken holds a number that nobody here remembers. The series go on
 * well beyond what could have been given since.
 */
export async function skipNumbers(client: pg.ClientBase, fromYear: number, toYear: number): Promise<void> {
  await client.query('update numbers.series set last = (last / $1::bigint + 2) * $1', [skipped]);
  for (let year = fromYear; year <= toYear; year++)
    await client.query(
      `insert into numbers.series (series, year, last) select unnest($1::text[]), $2, $3 on conflict do nothing`,
      [Object.keys(numberPrefix), year, skipped],
    );
}

/** Unique over all processes, rising within one; processes draw blocks of their own. */
export class PostgresNumbers implements NumberSource {
  private readonly blocks = new Map<string, { next: number; end: number; refill?: Promise<void> }>();

  constructor(private readonly pool: pg.Pool) {}

  async next(series: NumberSeries, year: number): Promise<string> {
    const key = `${series}/${year}`;
    let own = this.blocks.get(key);
    if (!own) this.blocks.set(key, (own = { next: 1, end: 0 }));
    while (own.next > own.end) {
      own.refill ??= this.refill(series, year, own).finally(() => delete own.refill);
      await own.refill;
    }
    return formatNumber(series, year, own.next++);
  }

  private async refill(series: NumberSeries, year: number, own: { next: number; end: number }): Promise<void> {
    const { rows } = await this.pool.query<{ last: string }>({
      name: 'numbers-draw',
      text: `insert into numbers.series as s (series, year, last) values ($1, $2, $3)
             on conflict (series, year) do update set last = s.last + $3 returning last`,
      values: [series, year, block],
    });
    own.end = Number(rows[0]!.last);
    own.next = own.end - block + 1;
  }
}
