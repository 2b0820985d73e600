import { createHash } from 'node:crypto';

/**
 * Where attached documents are kept: by the SHA-256 of their bytes, sealed for the operator whose filing they belong to,
 * for an appeal's annex names bank accounts too. The same scan is kept once an operator.
 */
export interface DocumentStore {
  /** Resolves when the bytes would survive a loss of power. Putting them again changes nothing. */
  put(operatorBin: string, bytes: Uint8Array): Promise<StoredDocument>;
  /**
   * Undefined when it was never put, or when the keys of all it was put for were erased.
   * @throws DocumentDamagedError when what is kept is not what was put.
   */
  find(sha256: string): Promise<Buffer | undefined>;
}

/** Encrypts and authenticates under an operator's key. `place` is authenticated: what was moved elsewhere does not open. */
export interface DocumentSeal {
  sealBytes(
    operatorBin: string,
    bytes: Uint8Array,
    place: string,
  ): Promise<{ readonly keyId: string; readonly sealed: Buffer }>;
  /** `altered`: not what was sealed there under that key. `erased`: nobody can open it any more. */
  openBytes(keyId: string, sealed: Buffer, place: string): Promise<Buffer | 'altered' | 'erased'>;
}

export interface StoredDocument {
  /** Lower-case hex; the content's address. */
  readonly sha256: string;
  readonly bytes: number;
}

/** The kept bytes no longer have their own address: the disk or somebody changed them. */
export class DocumentDamagedError extends Error {
  override readonly name = 'DocumentDamagedError';
  constructor(readonly sha256: string) {
    super(`the document ${sha256} is damaged`);
  }
}

export const sha256Of = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

const addressPattern = /^[0-9a-f]{64}$/;
export const isDocumentAddress = (text: string): boolean => addressPattern.test(text);
