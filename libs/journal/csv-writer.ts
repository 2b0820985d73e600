import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** One RFC 4180 line, LF at its end. Values come out exactly: a leading `=` is no formula here but what was filed. */
export const csvLine = (values: readonly string[]): string =>
  `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(',')}\n`;

/**
 * Writes rows (the header is the first) as UTF-8 without byte order mark to a file, replacing it, or to a stream such
 * as stdout, which stays open. Waits where the target is slow, so memory stays level.
 * @returns how many rows were written, the header among them.
 * @throws the target's error, e.g. EPIPE when the reader has gone.
 */
export async function writeCsv(
  target: string | Writable,
  rows: Iterable<readonly string[]> | AsyncIterable<readonly string[]>,
): Promise<number> {
  const stream = typeof target === 'string' ? createWriteStream(target) : target;
  let failed: Error | undefined;
  const onError = (error: Error) => (failed = error);
  stream.on('error', onError);
  let count = 0;
  let text = '';
  const flush = async () => {
    const full = !stream.write(text);
    text = '';
    if (full && !failed) await once(stream, 'drain');
    if (failed) throw failed;
  };
  try {
    for await (const row of rows) {
      text += csvLine(row);
      count += 1;
      if (text.length > 64 * 1024) await flush();
    }
    if (text !== '') await flush();
    if (typeof target === 'string') {
      stream.end();
      await finished(stream);
    }
    return count;
  } finally {
    if (typeof target === 'string') stream.destroy();
    stream.off('error', onError);
  }
}
