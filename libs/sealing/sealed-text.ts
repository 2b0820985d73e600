import { createHash, randomBytes } from 'node:crypto';
import type { Sealed } from '#libs/domain';
import { encrypt, findDecrypted } from './authenticated-encryption.js';

export interface OpenedText {
  readonly text: string;
  /** 32 bytes as hex: with it anyone can check the commitment, so it goes on the owner's receipt and nowhere else. */
  readonly salt: string;
}

/** hex of SHA-256 over the salt's bytes and the UTF-8 text. `salt` is hex. */
export const commitmentOf = (salt: string, text: string): string =>
  createHash('sha256').update(Buffer.from(salt, 'hex')).update(text, 'utf8').digest('hex');

const boundTo = (keyId: string) => `qadaga/sealed/${keyId}`;

export function sealText(keyId: string, key: Buffer, text: string): Sealed {
  const salt = randomBytes(32).toString('hex');
  const plain = Buffer.from(JSON.stringify({ salt, text }));
  return { keyId, cipher: encrypt(key, plain, boundTo(keyId)), commitment: commitmentOf(salt, text) };
}

/** @throws Error when the ciphertext or the commitment was altered. */
export function openText(key: Buffer, sealed: Sealed): OpenedText {
  const plain = findDecrypted(key, sealed.cipher, boundTo(sealed.keyId));
  if (plain === undefined) throw new Error('the sealed text does not open with its key: it was altered');
  const { salt, text } = JSON.parse(plain.toString('utf8')) as OpenedText;
  if (commitmentOf(salt, text) !== sealed.commitment)
    throw new Error('the sealed text is not what its commitment says: one of them was altered');
  return { text, salt };
}
