import { isAscii, isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import iconv from 'iconv-lite';
import { JournalFormatError } from './journal-format-error.js';

/**
 * `windows-1251` has no Kazakh letters but І and і: a program that saves in it puts `?` for the others, and they are
 * gone. `kz-1048` is its Kazakh sister, the same but for the 18 places of Kazakh letters. `pt154` cannot be told from
 * the two and is read only when the caller names it.
 */
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1251' | 'kz-1048' | 'pt154';

export interface TextFormat {
  readonly encoding: TextEncoding;
  readonly hadBom: boolean;
}

const chunkBytes = 256 * 1024;
const startsWith = (bytes: Buffer, ...prefix: number[]) => prefix.every((byte, i) => bytes[i] === byte);

/** Reads the file until its encoding is sure: usually its first letters, to the end only where all is ASCII. */
export async function textFormatOf(path: string): Promise<TextFormat> {
  let carry: Buffer = Buffer.alloc(0);
  let first = true;
  let sawUtf8 = 0;
  let single: SingleByteCensus | undefined;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    if (first) {
      if (startsWith(chunk, 0xef, 0xbb, 0xbf)) return { encoding: 'utf-8', hadBom: true };
      if (startsWith(chunk, 0xff, 0xfe)) return { encoding: 'utf-16le', hadBom: true };
      if (startsWith(chunk, 0xfe, 0xff)) return { encoding: 'utf-16be', hadBom: true };
      first = false;
    }
    if (single === undefined) {
      const bytes: Buffer = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk;
      const whole = bytes.subarray(0, completeLength(bytes));
      carry = bytes.subarray(whole.length);
      const valid = isUtf8(whole) ? whole : whole.subarray(0, validLength(whole));
      if (!isAscii(valid)) sawUtf8 += lettersBeyondAscii(valid);
      // Cyrillic in a single-byte encoding hardly ever passes for UTF-8: what did so for long is UTF-8, damaged or not.
      if (sawUtf8 >= 16) return { encoding: 'utf-8', hadBom: false };
      if (valid === whole) continue;
      single = new SingleByteCensus();
      single.count(bytes);
    } else single.count(chunk);
  }
  if (single === undefined && carry.length > 0 && sawUtf8 < 16) {
    single = new SingleByteCensus();
    single.count(carry);
  }
  return { encoding: single?.encoding ?? 'utf-8', hadBom: false };
}

/**
 * Where KZ-1048 has Ә Ғ Қ Ң Ө Ұ Ү Һ and their small letters, Windows-1251 has letters of Serbian, Macedonian, Ukrainian
 * and Belarusian, which a Kazakh journal does not use.
 */
class SingleByteCensus {
  private static readonly kazakh = new Set([
    0x8d, 0x8e, 0x9d, 0x9e, 0xa1, 0xa2, 0xa3, 0xa5, 0xaa, 0xaf, 0xb4, 0xba, 0xbc, 0xbd, 0xbe, 0xbf,
  ]);
  private found = false;
  count(bytes: Buffer): void {
    for (let i = 0; i < bytes.length && !this.found; i += 1)
      this.found = bytes[i]! > 0x7f && SingleByteCensus.kazakh.has(bytes[i]!);
  }
  get encoding(): TextEncoding {
    return this.found ? 'kz-1048' : 'windows-1251';
  }
}

/** How many bytes at the start end with a whole character (at most three are left over). */
function completeLength(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return bytes.length;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How many bytes at the start are UTF-8. */
function validLength(bytes: Buffer): number {
  let [good, bad] = [0, bytes.length];
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2);
    const part = bytes.subarray(0, middle);
    if (isUtf8(part.subarray(0, completeLength(part)))) good = middle;
    else bad = middle - 1;
  }
  return completeLength(bytes.subarray(0, good));
}

function lettersBeyondAscii(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte >= 0xc0) count += 1;
  return count;
}

interface Decoder {
  write(bytes: Buffer): Buffer;
  /** What is left at the end of the file; `broken` when it ends inside a character. */
  end(): { readonly rest: Buffer; readonly broken: boolean };
}

function decoderOf(encoding: TextEncoding): Decoder {
  if (encoding === 'utf-8') {
    let carry: Buffer = Buffer.alloc(0);
    return {
      write(bytes) {
        const all = carry.length > 0 ? Buffer.concat([carry, bytes]) : bytes;
        const whole = all.subarray(0, completeLength(all));
        carry = all.subarray(whole.length);
        return whole;
      },
      end: () => ({ rest: Buffer.alloc(0), broken: carry.length > 0 }),
    };
  }
  if (encoding === 'utf-16le' || encoding === 'utf-16be') {
    const decoder = new TextDecoder(encoding);
    return {
      write: (bytes) => Buffer.from(decoder.decode(bytes, { stream: true })),
      end: () => ({ rest: Buffer.alloc(0), broken: decoder.decode() !== '' }),
    };
  }
  const names = { 'windows-1251': 'windows1251', 'kz-1048': 'rk1048', pt154: 'pt154' };
  const decoder = iconv.getDecoder(names[encoding]);
  return {
    write: (bytes) => Buffer.from(decoder.write(bytes)),
    end: () => ({ rest: Buffer.alloc(0), broken: false }),
  };
}

const replacement = Buffer.from('\ufffd');

/**
 * The text of the file as UTF-8 without byte order mark, chunk by chunk. Damage ends it: what stands before is given
 * first, then it throws.
 * @throws JournalFormatError with the line of a NUL, of bytes that are no text, or of a character cut in two.
 */
export async function* utf8Chunks(
  path: string,
  format: TextFormat,
  onBytes: (count: number) => void = () => undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const decoder = decoderOf(format.encoding);
  let line = 1;
  let first = true;
  for await (const bytes of createReadStream(path, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    onBytes(bytes.length);
    // TextDecoder takes the UTF-16 mark away itself.
    let text = decoder.write(first && format.hadBom && format.encoding === 'utf-8' ? bytes.subarray(3) : bytes);
    first = false;
    const fault = damageIn(text, format.encoding);
    if (fault) text = text.subarray(0, fault.at);
    if (text.length > 0) yield text;
    for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) line += 1;
    if (fault) throw new JournalFormatError('not-text', fault.message, line);
  }
  if (decoder.end().broken) throw new JournalFormatError('breaks-off', 'the file breaks off inside a letter.', line);
}

function damageIn(text: Buffer, encoding: TextEncoding): { at: number; message: string } | undefined {
  const faults: { at: number; message: string }[] = [];
  const nul = text.indexOf(0);
  if (nul >= 0) faults.push({ at: nul, message: 'there is a NUL byte here; the file is damaged or no text.' });
  if (encoding === 'utf-8') {
    if (!isUtf8(text))
      faults.push({
        at: validLength(text),
        message: 'there are bytes here that are not UTF-8 text; the file is damaged.',
      });
  } else {
    const at = text.indexOf(replacement);
    if (at >= 0)
      faults.push({ at, message: `there are bytes here that are not ${encoding} text; the file is damaged.` });
  }
  return faults.sort((a, b) => a.at - b.at)[0];
}
