import { createHash } from 'node:crypto';
import pg, { type ClientConfig } from 'pg';
import type { SealedFiles } from '#libs/documents';
import { comparePositions, type EventStore, type Position } from '#libs/event-store';
import { createArchive, type ArchiveWriter } from './archive-writer.js';
import { archiveFormat, type Manifest } from './manifest.js';
import { dumpTable, keptTables, meansTables } from './tables.js';

export interface BackupParts {
  readonly store: EventStore;
  /** Of the user that owns the schemas. */
  readonly owner: ClientConfig;
  readonly documents: SealedFiles;
  /** Small files that go along, by the name of their part, without a folder. */
  readonly extras: ReadonlyMap<string, Buffer>;
  readonly about: Pick<Manifest, 'qadaga' | 'engine' | 'createdAt' | 'masterKey'>;
  readonly onProgress?: (progress: { readonly facts: number; readonly at: Position; readonly head: Position }) => void;
}

export interface BackupMade {
  readonly manifest: Omit<Manifest, 'parts'>;
  /** SHA-256 of the manifest, by which the archive is known. */
  readonly id: string;
}

/** Of the policy runner; its place is kept as a number of facts, since another engine has other positions. */
const policyCheckpoint = 'policies';

/** Writes one file that `restoreBackup` makes the house of again. Others may go on writing meanwhile. */
export async function makeBackup(file: string, parts: BackupParts): Promise<BackupMade> {
  const archive = await createArchive(file);
  try {
    return await write(archive, parts);
  } catch (error) {
    await archive.abandon();
    throw error;
  }
}

async function write(archive: ArchiveWriter, parts: BackupParts): Promise<BackupMade> {
  for (const [name, bytes] of parts.extras) await archive.add(name, bytes);
  const tables: Record<string, number> = {};
  // The order matters: see `keptTables`.
  const performedTo = await inSnapshot(parts.owner, async (client) => {
    for (const table of keptTables.progress) tables[table] = await addTable(archive, client, table);
    const { rows } = await client.query<{ position: Position }>(
      'select position from engine.checkpoint where name = $1',
      [policyCheckpoint],
    );
    return rows[0]?.position;
  });
  const head = await parts.store.head();
  await inSnapshot(parts.owner, async (client) => {
    for (const table of await meansTables(client)) tables[table] = await addTable(archive, client, table);
  });
  const documents = await addDocuments(archive, parts.documents);
  const { named, ...facts } = await addFacts(archive, parts, head, performedTo);
  const manifest = {
    format: archiveFormat,
    ...parts.about,
    head: head ?? null,
    facts,
    tables,
    documents: documents.size,
    lostDocuments: [...named].filter((address) => !documents.has(address)).sort(),
  } as const;
  return { manifest, id: await archive.finish(manifest) };
}

async function inSnapshot<T>(owner: ClientConfig, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    await client.query(`set timezone = 'UTC'; begin isolation level repeatable read read only`);
    return await work(client);
  } finally {
    await client.end();
  }
}

async function addTable(archive: ArchiveWriter, client: pg.Client, table: string): Promise<number> {
  const lines = archive.lines(`tables/${table}`);
  const rows = await dumpTable(client, table, lines.add);
  await lines.end();
  return rows;
}

/** A document is put before the fact that names it, so every one that a fact up to the head names is there by now. */
async function addDocuments(archive: ArchiveWriter, documents: SealedFiles): Promise<ReadonlySet<string>> {
  const addresses = new Set<string>();
  for (const name of await documents.list()) {
    await archive.add(`documents/${name}`, await documents.read(name));
    addresses.add(name.split('/')[0]!);
  }
  return addresses;
}

async function addFacts(
  archive: ArchiveWriter,
  { store, onProgress }: BackupParts,
  head: Position | undefined,
  performedTo: Position | undefined,
) {
  const hash = createHash('sha256');
  const lines = archive.lines('facts');
  const named = new Set<string>();
  let count = 0;
  let performed = 0;
  if (head !== undefined)
    for await (const batch of store.readWritten({ upTo: head })) {
      for (const { text, type, data, position } of batch) {
        await lines.add(text);
        hash.update(`${text}\n`);
        count++;
        if (performedTo !== undefined && comparePositions(position, performedTo) <= 0) performed = count;
        if (type === 'DocumentAttached') named.add((data as { readonly sha256: string }).sha256);
      }
      onProgress?.({ facts: count, at: batch.at(-1)!.position, head });
    }
  await lines.end();
  return { count, sha256: hash.digest('hex'), performed, named };
}
