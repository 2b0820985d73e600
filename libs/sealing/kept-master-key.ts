import { randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { encrypt, findDecrypted } from './authenticated-encryption.js';
import type { MasterKey } from './master-key.js';

/** A master key as it may lie beside the vault it opens: under a passphrase. Binary values are base64. */
export interface KeptMasterKey {
  readonly kdf: 'scrypt';
  readonly cost: number;
  readonly blockSize: number;
  readonly salt: string;
  readonly wrapped: string;
}

/** 128 MiB and about half a second a try. */
const cost = 2 ** 17;
const blockSize = 8;
const bound = 'qadaga/kept-master-key';

type Derive = (
  passphrase: string,
  salt: Buffer,
  length: number,
  options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
) => Promise<Buffer>;
const derive = promisify(scrypt) as Derive;
const keyOf = (passphrase: string, salt: Buffer) =>
  derive(passphrase.normalize('NFC'), salt, 32, { N: cost, r: blockSize, p: 1, maxmem: 2 * 128 * cost * blockSize });

export async function wrapMasterKey(key: MasterKey, passphrase: string): Promise<KeptMasterKey> {
  const salt = randomBytes(32);
  const wrapped = encrypt(await keyOf(passphrase, salt), key, bound);
  return { kdf: 'scrypt', cost, blockSize, salt: salt.toString('base64'), wrapped };
}

/** Undefined when the passphrase is another one. @throws Error for a form this version does not write. */
export async function unwrapMasterKey(kept: KeptMasterKey, passphrase: string): Promise<MasterKey | undefined> {
  // Not taken from the file: whoever altered it could make us work for hours.
  if (kept.kdf !== 'scrypt' || kept.cost !== cost || kept.blockSize !== blockSize)
    throw new Error('the master key is kept in a form that this version does not know');
  return findDecrypted(await keyOf(passphrase, Buffer.from(kept.salt, 'base64')), kept.wrapped, bound);
}
