import { JournalFormatError } from './journal-format-error.js';

export type Separator = ',' | ';' | '\t';

/** One record of a table with the 1-based line on which it begins. */
export interface TableRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/** A field longer than this is a quote that was never closed, not something a clerk typed. In UTF-16 units. */
export const maxFieldLength = 64 * 1024;
/** A record longer than this is given up before its end is found. */
const maxRecordLength = 8 * maxFieldLength;

export const quoteHint = 'a quoted field must end with a quotation mark, and one inside it is written twice.';

/**
 * Records (RFC 4180; LF or CRLF, the last one with or without) in batches, one for each chunk read, so that memory stays
 * level. Everything before a fault is given first. Not csv-parse: at a million rows this takes a quarter of its time, and
 * it can say on which line a record that breaks begins.
 * @throws JournalFormatError at the line where the table breaks.
 */
export async function* csvRecords(
  chunks: AsyncIterable<Buffer>,
  separator: Separator,
): AsyncGenerator<readonly TableRecord[], void, undefined> {
  const splitter = new RecordSplitter(separator);
  for await (const chunk of chunks) {
    const { records, fault } = splitter.take(chunk.toString('utf8'), false);
    if (records.length > 0) yield records;
    if (fault) throw fault;
  }
  const { records, fault } = splitter.take('', true);
  if (records.length > 0) yield records;
  if (fault) throw fault;
}

/** The cells of the first record in `start`; undefined when they cannot be told with this separator. */
export const findFirstRecord = (start: string, separator: Separator): readonly string[] | undefined =>
  new RecordSplitter(separator).take(start, true).records[0]?.cells;

interface Taken {
  readonly records: readonly TableRecord[];
  readonly fault?: JournalFormatError;
}

const quote = 34;
const lineFeed = 10;
const carriageReturn = 13;

class RecordSplitter {
  private rest = '';
  private line = 1;
  private readonly separatorCode: number;

  constructor(private readonly separator: Separator) {
    this.separatorCode = separator.charCodeAt(0);
  }

  /** The records that `text` completes; with `last`, what is left is a record too. */
  take(text: string, last: boolean): Taken {
    const all = this.rest === '' ? text : this.rest + text;
    const records: TableRecord[] = [];
    let start = 0;
    let nextQuote = all.indexOf('"');
    while (start < all.length) {
      const end = all.indexOf('\n', start);
      if (nextQuote >= 0 && nextQuote < start) nextQuote = all.indexOf('"', start);
      const plain = nextQuote < 0 || (end >= 0 && nextQuote > end);
      if (!plain) {
        const found = this.quotedRecord(all, start, last);
        if (found === undefined) break;
        if (found instanceof JournalFormatError) return { records, fault: found };
        records.push({ cells: found.cells, line: this.line });
        for (let at = all.indexOf('\n', start); at >= 0 && at < found.next; at = all.indexOf('\n', at + 1))
          this.line += 1;
        start = found.next;
        continue;
      }
      if (end < 0 && !last) break;
      const stop = end < 0 ? all.length : end;
      const record = all.slice(start, all.charCodeAt(stop - 1) === carriageReturn && stop > start ? stop - 1 : stop);
      records.push({ cells: record.split(this.separator), line: this.line });
      this.line += 1;
      start = stop + 1;
    }
    this.rest = all.slice(start);
    if (this.rest.length <= maxRecordLength) return { records };
    const message = `the row that begins here does not end; ${quoteHint}`;
    return { records, fault: new JournalFormatError('field-too-long', message, this.line) };
  }

  /** A record with a quotation mark in it; undefined when its end is not there yet. */
  private quotedRecord(
    all: string,
    start: number,
    last: boolean,
  ): { cells: string[]; next: number } | JournalFormatError | undefined {
    const cells: string[] = [];
    let at = start;
    for (;;) {
      let end: number;
      if (all.charCodeAt(at) === quote) {
        let close = all.indexOf('"', at + 1);
        let doubled = false;
        while (close >= 0 && all.charCodeAt(close + 1) === quote) {
          doubled = true;
          close = all.indexOf('"', close + 2);
        }
        if (close < 0) return last ? this.cutInQuotes() : undefined;
        // At the end of what was read, the mark may be the first of a doubled one.
        if (close + 1 === all.length && !last) return undefined;
        const field = all.slice(at + 1, close);
        cells.push(doubled ? field.replaceAll('""', '"') : field);
        end = close + 1;
        if (all.charCodeAt(end) === carriageReturn) {
          if (end + 1 === all.length && !last) return undefined;
          if (end + 1 === all.length || all.charCodeAt(end + 1) === lineFeed) end += 1;
        }
      } else {
        end = at;
        let code = all.charCodeAt(end);
        while (end < all.length && code !== this.separatorCode && code !== lineFeed) {
          if (code === quote) return this.brokenQuote();
          end += 1;
          code = all.charCodeAt(end);
        }
        if (end === all.length && !last) return undefined;
        const atLineEnd = end === all.length || code === lineFeed;
        const cut = atLineEnd && end > at && all.charCodeAt(end - 1) === carriageReturn ? end - 1 : end;
        cells.push(all.slice(at, cut));
      }
      if (end >= all.length) return { cells, next: end };
      const code = all.charCodeAt(end);
      if (code === lineFeed) return { cells, next: end + 1 };
      if (code !== this.separatorCode) return this.brokenQuote();
      at = end + 1;
    }
  }

  private cutInQuotes = () =>
    new JournalFormatError(
      'breaks-off',
      'the file breaks off inside a quoted field of the row that begins here.',
      this.line,
    );
  private brokenQuote = () =>
    new JournalFormatError(
      'broken-quote',
      `the quotation marks of the row that begins here do not match; ${quoteHint}`,
      this.line,
    );
}
