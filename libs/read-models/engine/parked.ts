import type pg from 'pg';
import type { Instant } from '#libs/kernel';
import type { Position } from '#libs/event-store';
import type { ReadModelName } from './projection.js';

/** A unit that a read model cannot fold: its rows stand as they were before `position`, later facts are kept out. */
export interface Parked {
  readonly readModel: ReadModelName;
  /** A case's id, a notice's id, an operator's BIN, or (timeline) a stream. */
  readonly unit: string;
  readonly stream: string;
  readonly position: Position;
  readonly factType: string;
  readonly error: string;
  readonly since: Instant;
  /** Later facts of the unit that are missing from the rows too. */
  readonly keptOut: number;
}

/** In the projector's memory: what is parked, and how much of it the table does not say yet. */
export interface ParkedUnit {
  readonly stream: string;
  readonly position: Position;
  readonly factType: string;
  readonly error: string;
  keptOut: number;
  written: boolean;
}

const longestError = 1_000;
export const errorText = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error))
    .replaceAll('\0', '')
    .slice(0, longestError);

export async function loadParked(
  client: pg.ClientBase,
  readModel: ReadModelName,
  generation: number,
): Promise<Map<string, ParkedUnit>> {
  const { rows } = await client.query<{
    unit: string;
    stream: string;
    position: Position;
    fact_type: string;
    error: string;
    kept_out: string;
  }>(
    'select unit, stream, position, fact_type, error, kept_out from read.parked where read_model = $1 and generation = $2',
    [readModel, generation],
  );
  return new Map(
    rows.map(({ unit, stream, position, fact_type, error, kept_out }) => [
      unit,
      { stream, position, factType: fact_type, error, keptOut: Number(kept_out), written: true },
    ]),
  );
}

/** Writes what changed since the last time; the caller's transaction decides whether it stays. */
export async function writeParked(
  client: pg.ClientBase,
  readModel: ReadModelName,
  generation: number,
  parked: ReadonlyMap<string, ParkedUnit>,
): Promise<void> {
  for (const [unit, one] of parked) {
    if (one.written) continue;
    await client.query(
      `insert into read.parked (read_model, generation, unit, stream, position, fact_type, error, kept_out, since)
       values ($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())
       on conflict (read_model, generation, unit) do update set kept_out = excluded.kept_out, error = excluded.error,
         position = excluded.position, fact_type = excluded.fact_type, stream = excluded.stream`,
      [readModel, generation, unit, one.stream, one.position, one.factType, one.error, one.keptOut],
    );
    one.written = true;
  }
}

/** Of the generations that readers see. */
export async function listParked(client: pg.ClientBase | pg.Pool): Promise<readonly Parked[]> {
  const { rows } = await client.query<{
    read_model: ReadModelName;
    unit: string;
    stream: string;
    position: Position;
    fact_type: string;
    error: string;
    since: Date;
    kept_out: string;
  }>(
    `select p.read_model, p.unit, p.stream, p.position, p.fact_type, p.error, p.since, p.kept_out
     from read.parked p join read.checkpoint c using (read_model, generation) order by p.since, p.read_model, p.unit`,
  );
  return rows.map((row) => ({
    readModel: row.read_model,
    unit: row.unit,
    stream: row.stream,
    position: row.position,
    factType: row.fact_type,
    error: row.error,
    since: row.since.toISOString() as Instant,
    keptOut: Number(row.kept_out),
  }));
}
