/** Of the archive's layout. Another number is another layout; a reader knows its own. */
export const archiveFormat = 'qadaga-backup/1';
export const manifestName = 'manifest.json';

export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** hex */
  readonly sha256: string;
}

/** The last part of an archive: what it holds, and by which every other part is checked. */
export interface Manifest {
  readonly format: typeof archiveFormat;
  /** The version that wrote it. */
  readonly qadaga: string;
  readonly createdAt: string;
  /** Of the log it was taken from. */
  readonly engine: string;
  /** The source's position of the last fact; null for an empty log. */
  readonly head: string | null;
  readonly facts: {
    readonly count: number;
    /** As `copy-log` says it: over the canonical texts in order, each followed by a line feed. */
    readonly sha256: string;
    /** So many facts from the beginning the policies had done with. */
    readonly performed: number;
  };
  /** Rows by table. */
  readonly tables: { readonly [table: string]: number };
  readonly documents: number;
  /** Addresses of documents that facts name and that are not there. */
  readonly lostDocuments: readonly string[];
  /** Whether the master key is in it, under a passphrase. */
  readonly masterKey: boolean;
  /** In their order, all but the manifest itself. */
  readonly parts: readonly Part[];
}

/** The archive is not what was written; `part` is where it shows. */
export class ArchiveFaultError extends Error {
  override readonly name = 'ArchiveFaultError';
  constructor(
    readonly part: string,
    words: string,
    options?: ErrorOptions,
  ) {
    super(`${part}: ${words}`, options);
  }
}

export function parseManifest(bytes: Buffer): Manifest {
  let manifest: Manifest;
  try {
    manifest = JSON.parse(bytes.toString('utf8')) as Manifest;
  } catch (cause) {
    throw new ArchiveFaultError(manifestName, 'is no JSON', { cause });
  }
  if (manifest.format !== archiveFormat)
    throw new ArchiveFaultError(
      manifestName,
      `this version reads ${archiveFormat}, not ${JSON.stringify(manifest.format)}`,
    );
  return manifest;
}
