import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** 32 bytes that wrap every other key. Whoever has this and the database has everything: keep a copy apart from backups. */
export type MasterKey = Buffer & { readonly __masterKey?: true };

function readKey(file: string): MasterKey {
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
    throw new Error(`${file} can be read by others: its mode must be 0600`);
  const text = readFileSync(file, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new Error(`${file} does not hold a master key (64 hexadecimal digits)`);
  return Buffer.from(text, 'hex');
}

/** In one step and only if there is none: of two processes that start at once, one wins and both read its key. */
function createKey(file: string, key: Buffer = randomBytes(32)): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(descriptor, `${key.toString('hex')}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    chmodSync(fresh, 0o600);
    linkSync(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(fresh, { force: true });
  }
  syncDirectory(path.dirname(file));
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** `file` when it was named, or else `<home>/secrets/master.key`. */
export interface MasterKeyPlace {
  readonly home: string;
  readonly file?: string;
}

const fileOf = ({ home, file }: MasterKeyPlace) => file ?? path.join(home, 'secrets', 'master.key');

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/**
 * The key in `file`, or else in `<home>/secrets/master.key`, which is made at the first start. A `file` that was named
 * is never made: a mistyped path would otherwise give a second key that opens nothing.
 * @throws Error when the file is missing (if named), malformed, or readable by others.
 */
export function loadMasterKey(place: MasterKeyPlace): MasterKey {
  const file = fileOf(place);
  try {
    return readKey(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (place.file !== undefined) throw new Error(`the master key file ${file} does not exist`, { cause: error });
  }
  createKey(file);
  return readKey(file);
}

/** The key that is there; nothing is made. @throws Error when it is malformed or readable by others. */
export function findMasterKey(place: MasterKeyPlace): MasterKey | undefined {
  try {
    return readKey(fileOf(place));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Puts a key that was kept elsewhere where the house looks for it. @throws Error when another key is there. */
export function installMasterKey(place: MasterKeyPlace, key: MasterKey): void {
  createKey(fileOf(place), key);
  if (!readKey(fileOf(place)).equals(key)) throw new Error(`${fileOf(place)} holds another master key already`);
}
