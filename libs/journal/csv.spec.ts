import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { naiveCsv } from '../../test/support/naive-csv.js';
import { csvRecords, type TableRecord } from './csv-records.js';
import { csvLine, writeCsv, type JournalFormatError } from './index.js';

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-csv-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('records', () => {
  const cell = fc.oneof(
    fc.constantFrom('', 'a', '"', '""', 'x,y', 'l\nm', 'l\r\nm', ' ', 'Қ', '"q"', ';'),
    fc.string({ maxLength: 6 }).map((text) => text.replaceAll('\r', '')),
  );
  // A record of one empty field is a blank line.
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 6 });
  async function* pieces(text: string, size: number): AsyncGenerator<Buffer> {
    for (const part of [...text].reduce<string[]>((all, c, i) => {
      if (i % size === 0) all.push('');
      all[all.length - 1] += c;
      return all;
    }, []))
      yield Buffer.from(part);
  }
  const read = async (chunks: AsyncIterable<Buffer>) => {
    const records: TableRecord[] = [];
    for await (const batch of csvRecords(chunks, ',')) records.push(...batch);
    return records;
  };

  it('are what was written, wherever the chunks end, with LF or CRLF, with or without a last line end', async () => {
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.boolean(),
        async (rows, size, crlf, ended) => {
          const lines = rows.map((row) => csvLine(row).slice(0, -1));
          const lineEnd = crlf ? '\r\n' : '\n';
          const records = await read(pieces(lines.join(lineEnd) + (ended ? lineEnd : ''), size));
          expect(records.map((record) => record.cells)).toEqual(rows);
          let line = 1;
          for (const [i, record] of records.entries()) {
            expect(record.line).toBe(line);
            line += lines[i]!.split('\n').length;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('end or break, but never hang or pass for something else, after any text', async () => {
    const text = fc
      .array(fc.constantFrom('"', ',', '\n', '\r', 'a', ''), { maxLength: 12 })
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 12 }), async (all, size) => {
        const outcome = (chunks: AsyncIterable<Buffer>) =>
          read(chunks).then(
            (records) => records.map((record) => record.cells.join('|')).join('/'),
            (error: JournalFormatError) => `${error.code} ${error.line}`,
          );
        expect(await outcome(pieces(all, size))).toBe(await outcome(pieces(all, 100)));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('CSV written', () => {
  const table = fc.array(
    fc.array(fc.oneof(fc.string(), fc.constantFrom('=1+1', '"', 'a,b', 'x\ny', 'Қ', '')), {
      minLength: 2,
      maxLength: 2,
    }),
    {
      minLength: 1,
    },
  );
  it('reads back exactly', () => {
    fc.assert(
      fc.property(table, (rows) => {
        expect(naiveCsv(rows.map(csvLine).join(''))).toEqual(rows);
      }),
    );
  });

  it('goes to a file as UTF-8 with LF and no mark', async () => {
    const path = join(directory, 'out.csv');
    expect(
      await writeCsv(path, [
        ['row', 'outcome'],
        ['1', '=HYPERLINK("x")'],
        ['2', 'Қ, а'],
      ]),
    ).toBe(3);
    expect(readFileSync(path, 'utf8')).toBe('row,outcome\n1,"=HYPERLINK(""x"")"\n2,"Қ, а"\n');
  });

  it('writes the sample again byte for byte', async () => {
    const sample = readFileSync(join(process.cwd(), 'test/support/sample/journal.csv'), 'utf8');
    const path = join(directory, 'again.csv');
    await writeCsv(path, naiveCsv(sample));
    expect(readFileSync(path, 'utf8')).toBe(sample);
  });

  it('reports a place it cannot write to', async () => {
    await expect(writeCsv(join(directory, 'no', 'where.csv'), [['a']])).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('waits for a slow reader, leaves the stream open, and reports a reader that has gone', async () => {
    const slow = new Slow();
    expect(
      await writeCsv(
        slow,
        Array.from({ length: 5000 }, (_, i) => [`${i}`, 'x'.repeat(100)]),
      ),
    ).toBe(5000);
    expect(slow.writable).toBe(true);
    expect(slow.mostWaiting).toBeLessThan(256 * 1024);
    const gone = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
    await expect(writeCsv(gone, [['a'], ['b']])).rejects.toThrow('EPIPE');
  });
});

class Slow extends Writable {
  mostWaiting = 0;
  override _write(_chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.mostWaiting = Math.max(this.mostWaiting, this.writableLength);
    setImmediate(done);
  }
}
