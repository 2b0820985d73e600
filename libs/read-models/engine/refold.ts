import type pg from 'pg';
import { comparePositions, StoreUnavailableError, type EventStore } from '#libs/event-store';
import type { DomainFact } from '../facts.js';
import { lockCheckpoints } from './checkpoint.js';
import { inTransaction } from './connection.js';
import { ModelRun } from './model-run.js';
import { writeParked } from './parked.js';
import type { Projection } from './projection.js';
import { removeUnit } from './sql.js';
import { Stretch } from './stretch.js';

/** All facts of a unit that feed the projection, in log order. */
export async function factsOfUnit(store: EventStore, projection: Projection, unit: string): Promise<DomainFact[]> {
  const read = new Map<string, readonly DomainFact[]>();
  for (;;) {
    const wanted = projection.streamsOf(unit, [...read.values()].flat()).filter((stream) => !read.has(stream));
    if (wanted.length === 0) break;
    for (const [stream, facts] of await store.readStreams(wanted)) read.set(stream, facts as readonly DomainFact[]);
    for (const stream of wanted) if (!read.has(stream)) read.set(stream, []);
  }
  return [...read.values()]
    .flat()
    .filter((fact) => projection.feeds.has(fact.type) && projection.unitsOf(fact).includes(unit))
    .sort((a, b) => comparePositions(a.position, b.position));
}

/**
 * Folds anew, from their streams, the parked units for which a retry was asked, and puts the rows in the place of the
 * old ones. A unit that fails again stays parked with its new error.
 */
export async function refoldRequested(
  client: pg.ClientBase,
  store: EventStore,
  runs: ReadonlyMap<string, ModelRun>,
): Promise<void> {
  const { rows } = await client.query<{ read_model: string; generation: number; unit: string }>(
    'select read_model, generation, unit from read.parked where retry_requested_at is not null order by since',
  );
  for (const { read_model, generation, unit } of rows) {
    const run = runs.get(read_model);
    if (run === undefined || run.generation !== generation || !run.parked.has(unit)) continue;
    await refold(client, store, run, unit);
  }
}

async function refold(client: pg.ClientBase, store: EventStore, run: ModelRun, unit: string): Promise<void> {
  const { projection, position, generation } = run;
  if (position === undefined) return;
  const { readModel } = projection;
  let facts: DomainFact[] = [];
  let unreadable = false;
  try {
    facts = (await factsOfUnit(store, projection, unit)).filter(
      (fact) => comparePositions(fact.position, position) <= 0,
    );
  } catch (error) {
    // A log that is away says nothing of its facts.
    if (error instanceof StoreUnavailableError) throw error;
    unreadable = true;
  }
  const fresh = new ModelRun({
    projection: onlyUnit(projection, unit),
    generation,
    shadow: false,
    position: undefined,
    parked: new Map(),
    rowsInMemory: Number.MAX_SAFE_INTEGER,
    overwrite: true,
  });
  const stretch = new Stretch();
  await fresh.fold(facts, stretch);
  await inTransaction(client, async () => {
    const checkpoint = (await lockCheckpoints(client, [readModel])).get(readModel)!;
    if (checkpoint.generation !== generation || checkpoint.position !== position) return;
    const failed = fresh.parked.get(unit) ?? (unreadable ? run.parked.get(unit) : undefined);
    if (failed === undefined) {
      await client.query('savepoint refold');
      for (const table of projection.tables) if (!table.appendOnly) await removeUnit(client, table, unit);
      await fresh.write(client, stretch);
      if (fresh.parked.size === 0) {
        await client.query('delete from read.parked where read_model = $1 and generation = $2 and unit = $3', [
          readModel,
          generation,
          unit,
        ]);
        run.parked.delete(unit);
        run.forget(unit);
        return;
      }
      await client.query('rollback to savepoint refold');
    }
    const again = fresh.parked.get(unit) ?? run.parked.get(unit)!;
    run.parked.set(unit, { ...again, keptOut: run.parked.get(unit)!.keptOut, written: false });
    await writeParked(client, readModel, generation, run.parked);
    await client.query(
      'update read.parked set retry_requested_at = null where read_model = $1 and generation = $2 and unit = $3',
      [readModel, generation, unit],
    );
  });
}

/** A fact may change several units; a refold writes the one it is for. */
const onlyUnit = (projection: Projection, unit: string): Projection => ({
  ...projection,
  unitsOf: (fact) => projection.unitsOf(fact).filter((one) => one === unit),
});
