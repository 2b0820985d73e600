import type { FieldFault, Json } from '#libs/kernel';
import { isKeptExactly } from './json-number.js';

export interface JsonLimits {
  /** How many arrays and objects may be in one another; default 32. */
  readonly maxDepth?: number;
  /** Of the text in UTF-8; default none. */
  readonly maxBytes?: number;
}

export type StrictJson =
  { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly faults: readonly FieldFault[] };

const maxFaults = 20;
/** A key from outside is repeated in an answer, so not at any length. */
const maxKeyInPointer = 100;

const quote = 0x22;
const backslash = 0x5c;
const plainEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** Ends the reading: what follows has no meaning. */
class Unreadable extends Error {}

class Reader {
  readonly faults: FieldFault[] = [];
  private at = 0;
  /** Keys and indices of where we are. */
  private readonly path: (string | number)[] = [];

  constructor(
    private readonly text: string,
    private readonly maxDepth: number,
  ) {}

  document(): Json {
    this.blanks();
    const value = this.value();
    this.blanks();
    if (this.at < this.text.length) this.syntax('there is more after the end of the JSON value');
    return value;
  }

  fault(code: string, message: string, key?: string): void {
    if (this.faults.length >= maxFaults) throw new Unreadable();
    const steps = key === undefined ? this.path : [...this.path, key];
    const pointer = steps
      .map(
        (step) =>
          `/${String(step).slice(0, maxKeyInPointer).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`,
      )
      .join('');
    this.faults.push({ pointer, code, message });
  }

  private syntax(message: string): never {
    this.fault('syntax', `${message} (character ${this.at + 1})`);
    throw new Unreadable();
  }

  private blanks(): void {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      this.at++;
    }
  }

  private value(): Json {
    switch (this.text[this.at]) {
      case '{':
        return this.object();
      case '[':
        return this.array();
      case '"':
        return this.string(undefined);
      case 't':
        return this.word('true', true);
      case 'f':
        return this.word('false', false);
      case 'n':
        return this.word('null', null);
      case undefined:
        return this.syntax('the JSON text ends too early');
      default:
        return this.number();
    }
  }

  private word(word: string, value: boolean | null): boolean | null {
    if (!this.text.startsWith(word, this.at)) this.syntax('this is not a JSON value');
    this.at += word.length;
    return value;
  }

  private number(): number {
    numberPattern.lastIndex = this.at;
    const text = numberPattern.exec(this.text)?.[0];
    if (text === undefined) return this.syntax('this is not a JSON value');
    this.at += text.length;
    const value = Number(text);
    if (!isKeptExactly(text, value))
      this.fault('number-not-exact', 'this number would not be kept as it was written; send it as a string');
    return value;
  }

  private enter(): void {
    this.at++;
    if (this.path.length < this.maxDepth) return;
    this.fault('too-deep', `arrays and objects may be at most ${this.maxDepth} deep`);
    throw new Unreadable();
  }

  private array(): Json {
    this.enter();
    const items: Json[] = [];
    this.blanks();
    if (this.text[this.at] === ']') {
      this.at++;
      return items;
    }
    for (;;) {
      this.path.push(items.length);
      this.blanks();
      items.push(this.value());
      this.blanks();
      this.path.pop();
      const next = this.text[this.at++];
      if (next === ']') return items;
      if (next !== ',') {
        this.at--;
        this.syntax('a comma or ] is missing');
      }
    }
  }

  private object(): Json {
    this.enter();
    const members: Record<string, Json> = {};
    this.blanks();
    if (this.text[this.at] === '}') {
      this.at++;
      return members;
    }
    for (;;) {
      this.blanks();
      if (this.text.charCodeAt(this.at) !== quote) this.syntax('a key in quotation marks is missing');
      const key = this.string('key');
      this.blanks();
      if (this.text[this.at] !== ':') this.syntax('a colon is missing');
      this.at++;
      this.path.push(key);
      this.blanks();
      const value = this.value();
      this.path.pop();
      this.member(members, key, value);
      this.blanks();
      const next = this.text[this.at++];
      if (next === '}') return members;
      if (next !== ',') {
        this.at--;
        this.syntax('a comma or } is missing');
      }
    }
  }

  private member(members: Record<string, Json>, key: string, value: Json): void {
    if (Object.hasOwn(members, key)) this.fault('duplicate-key', 'this key is given more than once', key);
    else if (key === '__proto__' || (key === 'constructor' && isObject(value) && Object.hasOwn(value, 'prototype')))
      this.fault('forbidden-key', 'this key is not allowed', key);
    else members[key] = value;
  }

  /** Looked at where it stands: most strings have no escapes and can be cut out as they are. */
  private string(role: 'key' | undefined): string {
    const start = ++this.at;
    let normalise = false;
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c === quote) {
        const found = this.text.slice(start, this.at++);
        return normalise ? this.checked(found, role) : found;
      }
      if (c === backslash) break;
      // Below U+0300 everything is in NFC already and no surrogate.
      if (c >= 0x300) normalise = true;
      if (!(c >= 0x20)) this.badCharacter();
      this.at++;
    }
    let found = this.text.slice(start, this.at);
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c === quote) {
        this.at++;
        return this.checked(found, role);
      }
      if (c === backslash) {
        found += this.escape();
        continue;
      }
      if (!(c >= 0x20)) this.badCharacter();
      const from = this.at;
      for (let d = c; d >= 0x20 && d !== quote && d !== backslash;) d = this.text.charCodeAt(++this.at);
      found += this.text.slice(from, this.at);
    }
  }

  private badCharacter(): never {
    return this.syntax(
      this.at >= this.text.length ? 'a string does not end' : 'a control character in a string must be escaped',
    );
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? '';
    const plain = plainEscapes[letter];
    if (plain !== undefined) {
      this.at += 2;
      return plain;
    }
    const hex = this.text.slice(this.at + 2, this.at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) this.syntax('there is no such escape in JSON');
    this.at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  private checked(text: string, role: 'key' | undefined): string {
    const key = role === 'key' ? text : undefined;
    if (text.includes('\0')) this.fault('nul-character', 'a string may not contain the character U+0000', key);
    if (!text.isWellFormed()) {
      this.fault('lone-surrogate', 'a string contains half of a character (a lone surrogate)', key);
      return text;
    }
    return text.normalize('NFC');
  }
}

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON as `JSON.parse` reads it, but refusing what that would let through changed or lost: repeated keys, `__proto__` and
 * `constructor.prototype`, numbers that a double does not keep, lone surrogates, U+0000, too much depth or length. Strings and keys come
 * out in NFC. All faults (at most twenty) are listed, each with its JSON pointer; codes: syntax, duplicate-key,
 * forbidden-key, number-not-exact, lone-surrogate, nul-character, too-deep, too-large.
 */
export function strictJsonParse(text: string, limits: JsonLimits = {}): StrictJson {
  const { maxDepth = 32, maxBytes = Infinity } = limits;
  // No UTF-16 unit is more than three bytes of UTF-8.
  if (text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes)
    return {
      ok: false,
      faults: [{ pointer: '', code: 'too-large', message: `the text is longer than ${maxBytes} bytes` }],
    };
  const reader = new Reader(text, maxDepth);
  try {
    const value = reader.document();
    if (reader.faults.length === 0) return { ok: true, value };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return { ok: false, faults: reader.faults };
}
