import pg, { type ClientConfig } from 'pg';
import type { Fact } from '#libs/kernel';
import type { SealedFiles } from '#libs/documents';
import {
  appendLog,
  digestLog,
  encodeFact,
  LogsDifferError,
  type EventStore,
  type FactToCopy,
  type Position,
} from '#libs/event-store';
import { withClient } from '#libs/postgres';
import { linesOf, partsOf, type CheckedArchive } from './archive-reader.js';
import { ArchiveFaultError } from './manifest.js';
import { findFilledTable, loadRows } from './tables.js';

export interface RestoreParts {
  readonly store: EventStore;
  /** Of the user that owns the schemas; they are migrated. */
  readonly owner: ClientConfig;
  readonly appRole: string;
  readonly documents: SealedFiles;
  /** More that has to be done to the tables, in the transaction that fills them. */
  readonly withTables?: (client: pg.ClientBase) => Promise<void>;
  /** What else must be in its place before the house may be opened. */
  readonly beforeEnd?: () => Promise<void>;
  readonly onProgress?: (facts: number, total: number) => void;
}

/** A restore goes into an empty house only, or into one where the same archive's restore was broken off. */
export class NotEmptyError extends Error {
  override readonly name = 'NotEmptyError';
}

/** A restore was broken off here; run it again before anything else. */
export class RestoreUnderWayError extends Error {
  override readonly name = 'RestoreUnderWayError';
}

const markTable = 'restore.under_way';

/** @throws RestoreUnderWayError: half a house must not serve. `config` is the application's user. */
export async function refuseHalfRestored(config: ClientConfig): Promise<void> {
  const archive = await withClient(config, findMark);
  if (archive !== undefined)
    throw new RestoreUnderWayError(`a restore of the backup ${archive} was broken off here: run it again to its end`);
}

/**
 * Puts the archive's house into an empty one. Tables come in one transaction, then facts, then what hangs on their
 * positions. Broken off, it is run again and goes on; until its end nobody can open the house.
 * @throws NotEmptyError, ArchiveFaultError; LogsDifferError when the log holds something else.
 */
export async function restoreBackup(archive: CheckedArchive, parts: RestoreParts): Promise<void> {
  await withClient(parts.owner, (client) => begin(client, archive, parts));
  for await (const { name, bytes } of partsOf(archive, 'documents/'))
    await parts.documents.write(name.slice('documents/'.length), bytes);
  const performedTo = await restoreFacts(archive, parts);
  await parts.beforeEnd?.();
  await withClient(parts.owner, async (client) => {
    await client.query('begin');
    if (performedTo !== undefined)
      await client.query(
        `insert into engine.checkpoint (name, position) values ('policies', $1)
         on conflict (name) do update set position = excluded.position`,
        [performedTo],
      );
    await client.query('drop schema restore cascade');
    await client.query('commit');
  });
}

async function begin(
  client: pg.Client,
  archive: CheckedArchive,
  { store, withTables, appRole }: RestoreParts,
): Promise<void> {
  await client.query('begin');
  await client.query(`select pg_advisory_xact_lock(hashtext('qadaga/restore'))`);
  const mark = await findMark(client);
  if (mark === archive.id) return;
  if (mark !== undefined) throw new NotEmptyError(`a restore of another backup (${mark}) was broken off here`);
  if ((await store.head()) !== undefined) throw new NotEmptyError('the log holds facts already');
  const filled = await findFilledTable(client);
  if (filled !== undefined) throw new NotEmptyError(`the table ${filled} holds rows already`);
  for await (const { name, bytes } of partsOf(archive, 'tables/'))
    await loadRows(client, name, name.split('/')[1]!, bytes);
  await withTables?.(client);
  const role = client.escapeIdentifier(appRole);
  await client.query(
    `create schema restore; create table ${markTable} (archive text not null);
     grant usage on schema restore to ${role}; grant select on ${markTable} to ${role}`,
  );
  await client.query(`insert into ${markTable} values ($1)`, [archive.id]);
  await client.query('commit');
}

async function findMark(client: pg.ClientBase): Promise<string | undefined> {
  const { rows } = await client.query<{ there: boolean }>('select to_regclass($1) is not null as there', [markTable]);
  if (!rows[0]!.there) return undefined;
  return (await client.query<{ archive: string }>(`select archive from ${markTable}`)).rows[0]?.archive;
}

/** @returns where in this log the policies had come to. */
async function restoreFacts(archive: CheckedArchive, parts: RestoreParts): Promise<Position | undefined> {
  const { facts } = archive.manifest;
  const appended = await appendLog(parts.store, factsOf(archive, parts.onProgress));
  if (appended.facts !== facts.count || appended.sha256 !== facts.sha256)
    throw new ArchiveFaultError('facts/', `hold ${appended.facts} facts, not the ${facts.count} of the manifest`);
  let performedTo: Position | undefined;
  const there = await digestLog(parts.store, ({ facts: read, batch }) => {
    performedTo ??= batch[facts.performed - 1 - (read - batch.length)]?.position;
  });
  if (there.sha256 !== facts.sha256)
    throw new LogsDifferError(`the log reads back with another SHA-256 (${there.sha256}) than it was written with`);
  return performedTo;
}

async function* factsOf(
  archive: CheckedArchive,
  onProgress: RestoreParts['onProgress'] = () => {},
): AsyncGenerator<readonly FactToCopy[]> {
  let done = 0;
  for await (const { name, bytes } of partsOf(archive, 'facts/')) {
    const facts = linesOf(bytes).map((text) => {
      const fact = JSON.parse(text) as Fact;
      if (encodeFact(fact) !== text) throw new ArchiveFaultError(name, `holds the fact ${fact.id} in another form`);
      return { ...fact, text };
    });
    yield facts;
    onProgress((done += facts.length), archive.manifest.facts.count);
  }
}
