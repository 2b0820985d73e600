import { createHash } from 'node:crypto';

/** Where attached documents are kept: by the SHA-256 of their bytes, so that the same scan is kept once. */
export interface DocumentStore {
  /** Resolves when the bytes would survive a loss of power. Putting them again changes nothing. */
  put(bytes: Uint8Array): Promise<StoredDocument>;
  /** @throws DocumentDamagedError when what is kept is not what was put. */
  find(sha256: string): Promise<Buffer | undefined>;
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

/** For tests and for trying things out. */
export function memoryDocuments(): DocumentStore {
  const kept = new Map<string, Buffer>();
  return {
    put: (bytes) => {
      const sha256 = sha256Of(bytes);
      kept.set(sha256, Buffer.from(bytes));
      return Promise.resolve({ sha256, bytes: bytes.length });
    },
    find: (sha256) => Promise.resolve(kept.get(sha256)),
  };
}
