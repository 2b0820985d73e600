import type { Append, EventStore } from '#libs/event-store';

/** Somebody else wrote into the same cases meanwhile: the chunk is not (wholly) written, and the file can be run again. */
export class ImportInterruptedError extends Error {
  override readonly name = 'ImportInterruptedError';
}

/** In the order given: what is claimed comes before what it is claimed for, so that the same rows find their claims again. */
export async function appendAll(store: Pick<EventStore, 'appendTogether'>, appends: readonly Append[]): Promise<void> {
  if (appends.length === 0) return;
  const results = await store.appendTogether(appends);
  if (results.some((result) => result.outcome === 'conflict'))
    throw new ImportInterruptedError(
      'others changed the same cases while they were imported; the last chunk was not written, run the import again',
    );
}
