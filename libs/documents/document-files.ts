import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  DocumentDamagedError,
  isDocumentAddress,
  sha256Of,
  type DocumentSeal,
  type DocumentStore,
} from './document-store.js';

const placeOf = (sha256: string) => `qadaga/document/${sha256}`;

/**
 * A folder a document, named by its address; in it one sealed file for each operator's key, named by the key, readable by
 * the owner of the process only.
 */
export function fileDocuments(folder: string, seal: DocumentSeal): DocumentStore {
  return {
    async put(operatorBin, bytes) {
      const sha256 = sha256Of(bytes);
      const { keyId, sealed } = await seal.sealBytes(operatorBin, bytes, placeOf(sha256));
      if ((await sizeOf(path.join(folder, sha256, keyId))) === sealed.length) return { sha256, bytes: bytes.length };
      await keep(folder, sha256, keyId, sealed);
      return { sha256, bytes: bytes.length };
    },

    async find(sha256) {
      if (!isDocumentAddress(sha256)) return undefined;
      let damaged = false;
      for (const keyId of await namesIn(path.join(folder, sha256))) {
        const sealed = await readFile(path.join(folder, sha256, keyId));
        const bytes = await seal.openBytes(keyId, sealed, placeOf(sha256));
        if (bytes === 'erased') continue;
        if (bytes !== 'altered' && sha256Of(bytes) === sha256) return bytes;
        damaged = true;
      }
      if (damaged) throw new DocumentDamagedError(sha256);
      return undefined;
    },
  };
}

/** The sealed files as they lie, by `<address>/<key id>`: whoever copies them needs no key and learns nothing. */
export interface SealedFiles {
  list(): Promise<readonly string[]>;
  read(name: string): Promise<Buffer>;
  /** Resolves when it would survive a loss of power. @throws RangeError for what is no name of such a file. */
  write(name: string, sealed: Buffer): Promise<void>;
}

export function sealedFiles(folder: string): SealedFiles {
  return {
    async list() {
      const names: string[] = [];
      for (const sha256 of (await namesIn(folder)).filter(isDocumentAddress).sort())
        for (const keyId of [...(await namesIn(path.join(folder, sha256)))].sort()) names.push(`${sha256}/${keyId}`);
      return names;
    },
    read: (name) => readFile(path.join(folder, name)),
    async write(name, sealed) {
      const [sha256 = '', keyId = '', more] = name.split('/');
      if (!isDocumentAddress(sha256) || !/^[0-9a-z-]+$/.test(keyId) || more !== undefined)
        throw new RangeError(`not the name of a sealed document: ${name}`);
      await keep(folder, sha256, keyId, sealed);
    },
  };
}

/** Written beside, synced and renamed, so that a file under its final name is always whole. */
async function keep(folder: string, sha256: string, keyId: string, sealed: Buffer): Promise<void> {
  const own = path.join(folder, sha256);
  for (const directory of [folder, own]) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await chmod(directory, 0o700);
  }
  const beside = path.join(own, `.${keyId}.${process.pid}.${randomBytes(4).toString('hex')}`);
  try {
    const handle = await open(beside, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      await handle.writeFile(sealed);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(beside, path.join(own, keyId));
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(own);
  await syncFolder(folder);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
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
