/** What may be attached to a filing: scans and the office files in which references are written. */
export const documentTypes = {
  'application/pdf': 'pdf',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
} as const;
export type DocumentType = keyof typeof documentTypes;

export const longestDocument = 10 * 1024 * 1024;

export const isDocumentType = (mediaType: string): mediaType is DocumentType => Object.hasOwn(documentTypes, mediaType);

/**
 * Why `bytes` are not a document of the declared type, as one English sentence; undefined when they look like one. The
 * name and the declared type are the sender's word only: what counts is how the content begins.
 */
export function documentFault(bytes: Uint8Array, mediaType: DocumentType): string | undefined {
  if (bytes.length === 0) return 'The document is empty.';
  if (bytes.length > longestDocument) return 'The document is longer than 10 MiB.';
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = documentTypes[mediaType];
  const wrong = `The content is not that of a ${kind} file.`;
  switch (kind) {
    case 'pdf':
      return content.subarray(0, 5).toString('latin1') === '%PDF-' ? undefined : wrong;
    case 'png':
      return content.subarray(0, 8).equals(pngStart) ? undefined : wrong;
    case 'jpg':
      return content.subarray(0, 3).equals(jpegStart) ? undefined : wrong;
    case 'xlsx':
    case 'docx': {
      const names = zipNames(content);
      if (!names?.includes('[Content_Types].xml')) return wrong;
      if (!names.includes(kind === 'xlsx' ? 'xl/workbook.xml' : 'word/document.xml')) return wrong;
      return names.some((name) => name.toLowerCase().endsWith('vbaproject.bin'))
        ? 'The document holds macros; save it without them.'
        : undefined;
    }
  }
}

/**
 * Whether `name` ends like a file of another kind: whoever opens it later goes by that. A name without an ending says nothing,
 * and what follows the last full stop of `№ 1.2` is none.
 */
export function isNamedOtherwise(name: string, mediaType: DocumentType): boolean {
  const ending = /\.([a-z][a-z0-9]{0,9})$/i.exec(name)?.[1]?.toLowerCase();
  if (ending === undefined) return false;
  return ending !== documentTypes[mediaType] && !(mediaType === 'image/jpeg' && ending === 'jpeg');
}

const pngStart = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const jpegStart = Buffer.from([0xff, 0xd8, 0xff]);

const entrySignature = 0x02014b50;
const endSignature = 0x06054b50;
const mostEntries = 10_000;

/** The names in a ZIP file's central directory (APPNOTE 4.3.12, 4.3.16); undefined when there is none. Nothing is unpacked. */
export function zipNames(zip: Buffer): string[] | undefined {
  if (zip.length < 22 || zip.readUInt32LE(0) !== 0x04034b50) return undefined;
  let end = -1;
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 22 - 0xffff); at--)
    if (zip.readUInt32LE(at) === endSignature) {
      end = at;
      break;
    }
  if (end === -1) return undefined;
  const count = zip.readUInt16LE(end + 10);
  if (count > mostEntries) return undefined;
  const names: string[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let n = 0; n < count; n++) {
    if (at + 46 > zip.length || zip.readUInt32LE(at) !== entrySignature) return undefined;
    const nameLength = zip.readUInt16LE(at + 28);
    const next = at + 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
    if (next > zip.length) return undefined;
    names.push(zip.toString('utf8', at + 46, at + 46 + nameLength));
    at = next;
  }
  return names;
}
