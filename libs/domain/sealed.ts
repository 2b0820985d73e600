/**
 * A secret inside a fact: ciphertext under the operator's key and a salted commitment. The salt is inside the ciphertext,
 * so that only who may open it can prove what was committed to; erasing the key erases the secret and no hash changes.
 */
export interface Sealed {
  readonly keyId: string;
  /** base64 of nonce (12 bytes), ciphertext and tag (16 bytes), AES-256-GCM. */
  readonly cipher: string;
  /** hex of SHA-256 over 32 bytes of salt and the UTF-8 text. */
  readonly commitment: string;
}
