import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { DocumentDamagedError, isDocumentAddress, sha256Of, type DocumentStore } from './document-store.js';

/**
 * One file a document, named by its address, readable by the owner of the process only. Written beside, synced and
 * renamed, so that a file under its final name is always whole.
 */
export function fileDocuments(folder: string): DocumentStore {
  let ready: Promise<void> | undefined;
  const prepare = async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  };

  return {
    async put(bytes) {
      await (ready ??= prepare().catch((error: unknown) => {
        ready = undefined;
        throw error;
      }));
      const sha256 = sha256Of(bytes);
      const file = path.join(folder, sha256);
      if ((await sizeOf(file)) === bytes.length) return { sha256, bytes: bytes.length };
      const beside = path.join(folder, `.${sha256}.${process.pid}.${randomBytes(4).toString('hex')}`);
      try {
        const handle = await open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
        try {
          await handle.writeFile(bytes);
          await handle.sync();
        } finally {
          await handle.close();
        }
        await rename(beside, file);
      } catch (error) {
        await rm(beside, { force: true });
        throw error;
      }
      await syncFolder(folder);
      return { sha256, bytes: bytes.length };
    },

    async find(sha256) {
      if (!isDocumentAddress(sha256)) return undefined;
      let bytes: Buffer;
      try {
        bytes = await readFile(path.join(folder, sha256));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      if (sha256Of(bytes) !== sha256) throw new DocumentDamagedError(sha256);
      return bytes;
    },
  };
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch {
    return undefined;
  }
}

/** The new name itself must be on disk; Windows cannot open a folder and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
