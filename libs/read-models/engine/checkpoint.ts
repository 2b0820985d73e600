import type pg from 'pg';
import type { Position } from '#libs/event-store';
import { readModelNames, type ReadModelName } from './projection.js';

/** How far a read model's live tables are, and which of its generations they are. */
export interface Checkpoint {
  readonly readModel: ReadModelName;
  readonly generation: number;
  /** undefined: at the very beginning. */
  readonly position: Position | undefined;
  readonly updatedAt: Date;
}

interface CheckpointRow {
  readonly read_model: ReadModelName;
  readonly generation: number;
  readonly position: Position | null;
  readonly updated_at: Date;
}

const selectCheckpoints = 'select read_model, generation, position, updated_at from read.checkpoint';
const checkpointOf = (row: CheckpointRow): Checkpoint => ({
  readModel: row.read_model,
  generation: row.generation,
  position: row.position ?? undefined,
  updatedAt: row.updated_at,
});

/** All checkpoints in the order of `readModelNames`. @throws when the migrations have not run. */
export async function readCheckpoints(client: pg.ClientBase | pg.Pool): Promise<readonly Checkpoint[]> {
  const { rows } = await client.query<CheckpointRow>(selectCheckpoints);
  return readModelNames.map((name) => {
    const row = rows.find((one) => one.read_model === name);
    if (row === undefined) throw new Error(`there is no checkpoint of read model ${name}: run the migrations`);
    return checkpointOf(row);
  });
}

/**
 * Locks the checkpoints until the transaction ends. Who writes read models does this first, so that a batch and the
 * switch to a rebuilt generation never cross.
 */
export async function lockCheckpoints(
  client: pg.ClientBase,
  readModels: readonly ReadModelName[],
): Promise<ReadonlyMap<ReadModelName, Checkpoint>> {
  const { rows } = await client.query<CheckpointRow>(
    `${selectCheckpoints} where read_model = any($1::text[]) order by read_model for update`,
    [readModels],
  );
  return new Map(rows.map((row) => [row.read_model, checkpointOf(row)]));
}

export async function writeCheckpoints(
  client: pg.ClientBase,
  readModels: readonly ReadModelName[],
  position: Position,
): Promise<void> {
  await client.query(
    'update read.checkpoint set position = $2, updated_at = clock_timestamp() where read_model = any($1::text[])',
    [readModels, position],
  );
}
