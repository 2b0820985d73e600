import type { Append, EventStore } from '#libs/event-store';

/** Somebody else wrote into the same cases meanwhile: the chunk is not written at all, and the file can be run again. */
export class ImportInterruptedError extends Error {
  override readonly name = 'ImportInterruptedError';
}

export async function appendAll(store: EventStore, appends: readonly Append[]): Promise<void> {
  if (appends.length === 0) return;
  const results = await store.appendTogether(appends);
  if (results.some((result) => result.outcome === 'conflict'))
    throw new ImportInterruptedError(
      'others changed the same cases while they were imported; nothing of the last chunk was written, run the import again',
    );
}
