import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM: nonce (12 bytes), ciphertext, tag (16 bytes). `bound` is authenticated and not stored. */
export function encryptBytes(key: Buffer, plain: Uint8Array, bound: string): Buffer {
  // Random nonces are safe for 2^32 messages a key; an operator has one key and sends a few filings a year.
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.from(bound));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The same as base64. */
export const encrypt = (key: Buffer, plain: Buffer, bound: string): string =>
  encryptBytes(key, plain, bound).toString('base64');

/** Undefined when the key is another one, or anything was altered. */
export const findDecrypted = (key: Buffer, text: string, bound: string): Buffer | undefined =>
  findDecryptedBytes(key, Buffer.from(text, 'base64'), bound);

export function findDecryptedBytes(key: Buffer, bytes: Buffer, bound: string): Buffer | undefined {
  if (bytes.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(bound));
  decipher.setAuthTag(bytes.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}
