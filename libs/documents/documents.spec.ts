import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { instant, plainDate, quarter, type Decimal, type Uuid } from '#libs/kernel';
import type { NoticeIssue } from '#libs/domain';
import {
  commitmentHolds,
  documentFault,
  fileDocuments,
  isNamedOtherwise,
  noticeDocument,
  receiptHolds,
  receiptOf,
  sha256Of,
  type DocumentSeal,
  type ReceiptSource,
} from './index.js';

const folders: string[] = [];
const folder = () => {
  const made = mkdtempSync(path.join(os.tmpdir(), 'qadaga-documents-'));
  folders.push(made);
  return path.join(made, 'documents');
};
afterAll(() => folders.forEach((one) => rmSync(one, { recursive: true, force: true })));

/** As the vault does it, with keys that are known here: the first byte is the key's, the others are turned round. */
const erased = new Set<string>();
const turned = (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).map((byte) => byte ^ 0x5a));
const seal: DocumentSeal = {
  sealBytes: (bin, bytes, place) =>
    Promise.resolve({ keyId: `key-of-${bin}`, sealed: Buffer.concat([Buffer.from(sha256Of(place)), turned(bytes)]) }),
  openBytes: (keyId, sealed, place) => {
    if (erased.has(keyId)) return Promise.resolve('erased');
    const opens = sealed.subarray(0, 64).toString() === sha256Of(place);
    return Promise.resolve(opens ? turned(sealed.subarray(64)) : 'altered');
  },
};
const bin = '940140000385';
const other = '970740000838';
const keyId = `key-of-${bin}`;

describe('documents in files', () => {
  it('are given back as they were put, by the hash of their bytes', async () => {
    const store = fileDocuments(folder(), seal);
    const bytes = Buffer.from('%PDF-1.7 scan');
    const put = await store.put(bin, bytes);
    expect(put).toEqual({ sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length });
    expect(await store.find(put.sha256)).toEqual(bytes);
  });

  it('are kept once, many writers or one', async () => {
    const place = folder();
    const store = fileDocuments(place, seal);
    const bytes = Buffer.alloc(100_000, 7);
    const puts = await Promise.all(Array.from({ length: 8 }, () => store.put(bin, bytes)));
    expect(new Set(puts.map(({ sha256 }) => sha256)).size).toBe(1);
    expect(readdirSync(path.join(place, puts[0]!.sha256))).toEqual([keyId]);
    expect(await store.find(puts[0]!.sha256)).toEqual(bytes);
  });

  it('are not found under another name', async () => {
    const store = fileDocuments(folder(), seal);
    await store.put(bin, Buffer.from('x'));
    for (const name of ['', '0'.repeat(64), '../../etc/passwd', '..', 'A'.repeat(64)])
      expect(await store.find(name)).toBeUndefined();
  });

  it('are sealed, readable by their owner only, and leave nothing half-written', async () => {
    const place = folder();
    const { sha256 } = await fileDocuments(place, seal).put(bin, Buffer.from('KZ86125KZT5004100100'));
    expect(readdirSync(place)).toEqual([sha256]);
    expect(readdirSync(path.join(place, sha256))).toEqual([keyId]);
    const file = path.join(place, sha256, keyId);
    expect(readFileSync(file, 'latin1')).not.toContain('KZ86');
    if (process.platform !== 'win32') {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
      expect(statSync(place).mode & 0o777).toBe(0o700);
    }
  });

  it('outlive the key of one operator when another filed the same, and are gone with the last', async () => {
    const store = fileDocuments(folder(), seal);
    const { sha256 } = await store.put(bin, Buffer.from('scan'));
    await store.put(other, Buffer.from('scan'));
    erased.add(keyId);
    expect(await store.find(sha256)).toEqual(Buffer.from('scan'));
    erased.add(`key-of-${other}`);
    expect(await store.find(sha256)).toBeUndefined();
    erased.clear();
  });

  it('are never given out when they were changed on disk or moved to another address', async () => {
    const place = folder();
    const store = fileDocuments(place, seal);
    const { sha256 } = await store.put(bin, Buffer.from('scan'));
    const { sha256: another } = await store.put(bin, Buffer.from('another scan'));
    const file = path.join(place, sha256, keyId);
    writeFileSync(file, readFileSync(path.join(place, another, keyId)));
    await expect(store.find(sha256)).rejects.toThrow('damaged');
    writeFileSync(file, 'scam');
    await expect(store.find(sha256)).rejects.toThrow('damaged');
  });

  it('repair a file that was cut off', async () => {
    const place = folder();
    const store = fileDocuments(place, seal);
    const { sha256 } = await store.put(bin, Buffer.from('scan'));
    writeFileSync(path.join(place, sha256, keyId), 'sc');
    await store.put(bin, Buffer.from('scan'));
    expect(await store.find(sha256)).toEqual(Buffer.from('scan'));
  });
});

/** A stored (uncompressed) archive of empty files. */
function zipOf(names: readonly string[]): Buffer {
  const locals: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const name of names) {
    const text = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(text.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(text.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, text);
    entries.push(entry, text);
    at += 30 + text.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(names.length, 8);
  end.writeUInt16LE(names.length, 10);
  end.writeUInt32LE(Buffer.concat(entries).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...entries, end]);
}

const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const book = ['[Content_Types].xml', 'xl/workbook.xml'];

describe('the content of a document', () => {
  it.each([
    ['application/pdf', Buffer.from('%PDF-1.4\n')],
    ['image/png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0])],
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    [xlsx, zipOf(book)],
    [docx, zipOf(['[Content_Types].xml', 'word/document.xml'])],
  ] as const)('of %s is accepted', (type, bytes) => expect(documentFault(bytes, type)).toBeUndefined());

  it.each([
    ['application/pdf', Buffer.alloc(0), /empty/],
    ['application/pdf', Buffer.from('<html>'), /not that of a pdf/],
    ['application/pdf', Buffer.concat([Buffer.from('%PDF-'), Buffer.alloc(10 * 1024 * 1024)]), /10 MiB/],
    ['image/png', Buffer.from([0xff, 0xd8, 0xff]), /png/],
    ['image/jpeg', Buffer.from('GIF89a'), /jpg/],
    [xlsx, Buffer.from('PK\x03\x04 and no more at all of it'), /xlsx/],
    [xlsx, zipOf(['[Content_Types].xml', 'word/document.xml']), /xlsx/],
    [docx, zipOf(book), /docx/],
    [xlsx, zipOf([...book, 'xl/vbaProject.bin']), /macros/],
    [xlsx, zipOf(book).subarray(0, -3), /xlsx/],
  ] as const)('of %s is refused with a reason', (type, bytes, reason) =>
    expect(documentFault(bytes, type)).toMatch(reason),
  );
});

describe('the name of a document', () => {
  it.each([
    ['scan.pdf', 'application/pdf', false],
    ['scan.PDF', 'application/pdf', false],
    ['scan', 'application/pdf', false],
    ['Приказ № 1.2', 'application/pdf', false],
    ['scan.jpeg', 'image/jpeg', false],
    ['scan.pdf.exe', 'application/pdf', true],
    ['scan.jpg', 'image/png', true],
    ['scan.html', 'image/jpeg', true],
  ] as const)('such as %s of %s ends like another kind: %s', (name, type, otherwise) =>
    expect(isNamedOtherwise(name, type)).toBe(otherwise),
  );
});

const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}` as Uuid;

const source = (over: Partial<ReceiptSource> = {}, precision: 'instant' | 'day' = 'instant'): ReceiptSource => ({
  fact: {
    id: id(1),
    type: 'QuarterlyReferenceFiled',
    recordedAt: instant('2021-04-12T18:20:00.120Z'),
    data: {
      caseId: id(2),
      filingId: id(3),
      registration: {
        journalNo: 'QJ-2021-000007',
        channel: 'electronic',
        receivedAt: instant('2021-04-12T18:20:00Z'),
        receivedOn: plainDate('2021-04-13'),
        precision,
        registeredOn: plainDate('2021-04-13'),
      },
      location: { region: '47', address: 'Ақтау' },
      values: { period: quarter('2021-Q1'), powerMw: '7.90' } as { period: ReturnType<typeof quarter> },
      missing: ['jobs'],
      flags: ['duplicate'],
    },
  },
  kind: 'quarterly_reference',
  act: 'filing',
  versionId: id(3),
  caseRef: 'QC-2021-000001',
  operatorBin: '940140000385',
  zone: 'Asia/Almaty',
  regionZone: 'Asia/Aqtau',
  receiver: 'the authorized body',
  ...over,
});

describe('a receipt', () => {
  it("shows the regulator's day, and the centre's beside it where they differ", () => {
    const receipt = receiptOf(source());
    expect(receipt.received).toEqual({
      at: '2021-04-12T18:20:00.000Z',
      official: { zone: 'Asia/Almaty', date: '2021-04-13', time: '00:20' },
      local: { zone: 'Asia/Aqtau', date: '2021-04-12', time: '23:20' },
    });
    expect(receiptOf(source({ regionZone: 'Asia/Almaty' })).received.local).toBeNull();
    expect(receiptOf({ ...source(), regionZone: undefined }).received.local).toBeNull();
  });

  it('prints no time of day for a paper stamp, of which only the day is known', () => {
    expect(receiptOf(source({}, 'day')).received).toMatchObject({ official: { time: null }, local: null });
  });

  it('keeps digits as filed, what is missing and what was flagged', () => {
    const receipt = receiptOf(source());
    expect(receipt).toMatchObject({
      number: 'QJ-2021-000007',
      missing: ['jobs'],
      flags: ['duplicate'],
      period: '2021-Q1',
    });
    expect(receipt.content.values).toMatchObject({ powerMw: '7.90' });
  });

  it('proves its own content and notices any change to it', () => {
    const receipt = JSON.parse(JSON.stringify(receiptOf(source()))) as ReturnType<typeof receiptOf>;
    expect(receiptHolds(receipt)).toBe(true);
    const forged = { ...receipt, content: { ...receipt.content, missing: [] } };
    expect(receiptHolds(forged)).toBe(false);
  });

  it('lets the owner prove the account that was committed to', () => {
    const salt = 'ab'.repeat(32);
    const text = '{"bic":"HSBKKZKX","iban":"KZ86125KZT5004100100"}';
    const commitment = sha256Of(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(text)]));
    expect(commitmentHolds(commitment, salt, text)).toBe(true);
    expect(commitmentHolds(commitment, salt, text.replace('86', '87'))).toBe(false);
  });
});

describe('the notice document', () => {
  const issue = {
    noticeId: id(1),
    number: 'QN-2021-000001',
    caseId: id(2),
    centreId: id(4),
    filingId: id(3),
    versionId: id(3),
    trigger: 'quarterly_reference',
    legalBasis: 'Order 384, clause 6',
    stage: 'existing',
    period: quarter('2021-Q1'),
    receivedAt: instant('2021-04-12T18:20:00Z'),
    receivedOn: plainDate('2021-04-13'),
    deadline: {
      nominalOn: plainDate('2021-04-18'),
      dueOn: plainDate('2021-04-19'),
      endsAt: instant('2021-04-19T18:00:00Z'),
      trace: { zone: 'Asia/Almaty' },
    },
    contents: { location: { region: '47', address: 'Ақтау' }, powerMw: '7.90' as Decimal, expansionMw: null },
    historical: false,
    issuedOn: plainDate('2021-04-13'),
    operatorBin: '940140000385',
  } as unknown as NoticeIssue & { issuedOn: ReturnType<typeof plainDate> };

  it('is a closed list: what an issue may hold besides never slips out', () => {
    const text = JSON.stringify(noticeDocument(issue));
    for (const secret of ['940140000385', id(2), id(3), 'operator', 'journal']) expect(text).not.toContain(secret);
  });

  it('says "not stated" for an expansion that was never declared', () => {
    expect(noticeDocument(issue).contents).toEqual({
      location: { region: '47', address: 'Ақтау' },
      powerMw: '7.90',
      expansionMw: 'not stated',
    });
  });
});
