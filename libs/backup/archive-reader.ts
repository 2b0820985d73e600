import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract as tarExtract } from 'tar-stream';
import { sha256 } from './archive-writer.js';
import { ArchiveFaultError, manifestName, parseManifest, type Manifest } from './manifest.js';

/** No part is longer: lines are cut into parts, and a document is far shorter. */
const longestPart = 256 * 1024 * 1024;

interface Entry {
  readonly name: string;
  readonly bytes: Buffer;
}

async function* entriesOf(file: string, onRead: (compressed: number) => void = () => {}): AsyncGenerator<Entry> {
  const extract = tarExtract();
  const source = createReadStream(file);
  const reading = pipeline(source, createGunzip(), extract);
  // What fails there ends the iteration below with the same error.
  reading.catch(() => {});
  let at = 'the beginning';
  try {
    for await (const entry of extract) {
      const { name, size = 0, type } = entry.header;
      at = name;
      if (type !== 'file' || size > longestPart) throw new ArchiveFaultError(name, 'does not belong into a backup');
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk);
      onRead(source.bytesRead);
      yield { name, bytes: Buffer.concat(chunks) };
    }
  } catch (cause) {
    if (cause instanceof ArchiveFaultError || (cause as NodeJS.ErrnoException).code === 'ENOENT') throw cause;
    throw new ArchiveFaultError(at, `the archive is broken there (${(cause as Error).message})`, { cause });
  }
}

export interface CheckedArchive {
  readonly file: string;
  readonly manifest: Manifest;
  /** SHA-256 of the manifest. */
  readonly id: string;
}

/**
 * Reads the whole archive, and holds every part against the manifest.
 * @throws ArchiveFaultError naming the first part that is missing, altered, cut off, or does not belong there.
 */
export async function checkArchive(file: string, onRead?: (compressed: number) => void): Promise<CheckedArchive> {
  const found: { readonly name: string; readonly sha256: string }[] = [];
  let manifestBytes: Buffer | undefined;
  for await (const { name, bytes } of entriesOf(file, onRead)) {
    if (manifestBytes !== undefined) throw new ArchiveFaultError(name, 'stands behind the manifest');
    if (name === manifestName) manifestBytes = bytes;
    else found.push({ name, sha256: sha256(bytes) });
  }
  if (manifestBytes === undefined) throw new ArchiveFaultError(manifestName, 'is missing: this is no whole backup');
  const manifest = parseManifest(manifestBytes);
  for (let n = 0; n < Math.max(found.length, manifest.parts.length); n++) {
    const [is, meant] = [found[n], manifest.parts[n]];
    if (meant === undefined) throw new ArchiveFaultError(is!.name, 'is not in the manifest');
    if (is === undefined || is.name !== meant.name) throw new ArchiveFaultError(meant.name, 'is not where it belongs');
    if (is.sha256 !== meant.sha256) throw new ArchiveFaultError(meant.name, 'was altered: its SHA-256 is another one');
  }
  return { file, manifest, id: sha256(manifestBytes) };
}

/** The parts whose names begin with `prefix`; they stand together. Each is held against the manifest once more. */
export async function* partsOf({ file, manifest }: CheckedArchive, prefix: string): AsyncGenerator<Entry> {
  const wanted = new Map(manifest.parts.filter(({ name }) => name.startsWith(prefix)).map((part) => [part.name, part]));
  if (wanted.size === 0) return;
  let left = wanted.size;
  for await (const entry of entriesOf(file)) {
    const part = wanted.get(entry.name);
    if (part === undefined) continue;
    if (sha256(entry.bytes) !== part.sha256)
      throw new ArchiveFaultError(entry.name, 'has changed since it was checked');
    yield entry;
    if (--left === 0) return;
  }
}

export const linesOf = (bytes: Buffer): string[] => bytes.toString('utf8').split('\n').slice(0, -1);
