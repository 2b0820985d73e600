import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack as tarPack } from 'tar-stream';
import { manifestName, type Manifest, type Part } from './manifest.js';

/** Of the lines gathered into one part; what an archive's reader and writer hold in memory at a time. */
const partBytes = 4 * 1024 * 1024;

export interface ArchiveWriter {
  readonly parts: readonly Part[];
  add(name: string, bytes: Buffer): Promise<void>;
  /** Many lines as `<folder>/000001.jsonl` and so on. */
  lines(folder: string): { add(line: string): Promise<void>; end(): Promise<void> };
  /** Only now the file has its name. @returns the SHA-256 of the manifest, by which the archive is known. */
  finish(manifest: Omit<Manifest, 'parts'>): Promise<string>;
  abandon(): Promise<void>;
}

/** A tar, gzipped, written front to back; readable by its owner only. */
export async function createArchive(file: string): Promise<ArchiveWriter> {
  const unfinished = `${file}.part`;
  const handle = await open(unfinished, 'w', 0o600);
  const pack = tarPack();
  const written = pipeline(pack, createGzip({ level: 3 }), handle.createWriteStream());
  const failed = written.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  const parts: Part[] = [];
  const mtime = new Date();

  const put = async (name: string, bytes: Buffer): Promise<void> => {
    const entered = new Promise<void>((resolve, reject) => {
      const header = { name, size: bytes.length, mode: 0o600, mtime };
      const entry = pack.entry(header, (error) => (error ? reject(error) : resolve()));
      entry.on('error', reject);
      entry.end(bytes);
    });
    try {
      await Promise.race([failed, entered]);
    } catch (error) {
      // What broke the pipe says more than that it is broken.
      pack.destroy();
      await written;
      throw error;
    }
  };
  const add = async (name: string, bytes: Buffer) => {
    parts.push({ name, bytes: bytes.length, sha256: sha256(bytes) });
    await put(name, bytes);
  };

  return {
    parts,
    add,
    lines(folder) {
      let text: string[] = [];
      let bytes = 0;
      let n = 0;
      const flush = async () => {
        const part = Buffer.from(text.join(''), 'utf8');
        [text, bytes] = [[], 0];
        await add(`${folder}/${String(++n).padStart(6, '0')}.jsonl`, part);
      };
      return {
        async add(line) {
          text.push(line, '\n');
          bytes += line.length + 1;
          if (bytes >= partBytes) await flush();
        },
        async end() {
          if (text.length > 0) await flush();
        },
      };
    },
    async finish(manifest) {
      const bytes = Buffer.from(`${JSON.stringify({ ...manifest, parts }, null, 1)}\n`);
      await put(manifestName, bytes);
      pack.finalize();
      await written;
      await sync(unfinished, 'r+');
      await rename(unfinished, file);
      if (process.platform !== 'win32') await sync(path.dirname(file), 'r');
      return sha256(bytes);
    },
    async abandon() {
      pack.destroy();
      await written.catch(() => {});
      await rm(unfinished, { force: true });
    },
  };
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

async function sync(file: string, flags: string): Promise<void> {
  const handle = await open(file, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
