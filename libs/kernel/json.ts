/** A value that JSON can say. Numbers in facts are safe integers; everything with a fraction is a `Decimal` string. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * RFC 8785 (JSON Canonicalization Scheme): keys sorted by UTF-16 code units, no white space, ECMAScript number form.
 * `undefined` members are left out, as in JSON.stringify.
 * @throws TypeError for what has no canonical form: NaN, infinities, lone surrogates, functions, symbols, bigint.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no canonical form`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
      const record = value as Record<string, unknown>;
      let text = '';
      for (const key of sortedKeys(record)) {
        const member = record[key];
        if (member !== undefined) text += (text === '' ? '' : ',') + quotedKey(key) + canonicalJson(member);
      }
      return `{${text}}`;
    }
    default:
      throw new TypeError(`a ${typeof value} has no canonical form`);
  }
}

// oxlint-disable-next-line no-control-regex -- exactly what JSON escapes, and what may be half of a character
const needsCare = /["\\\u0000-\u001f\ud800-\udfff]/;

/** Most strings stand in JSON as they are, and to see that is much faster than to have them written. */
function quoted(text: string): string {
  if (!needsCare.test(text)) return `"${text}"`;
  if (!text.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form');
  return JSON.stringify(text);
}

/** Facts are written with few distinct keys, mostly in few orders: sorting and quoting them anew each time is what costs. */
function sortedKeys(record: object): string[] {
  const keys = Object.keys(record);
  for (let n = 1; n < keys.length; n++) if (keys[n]! < keys[n - 1]!) return keys.sort();
  return keys;
}

const quotedKeys = new Map<string, string>();

function quotedKey(key: string): string {
  let text = quotedKeys.get(key);
  if (text === undefined) {
    text = `${quoted(key)}:`;
    if (quotedKeys.size < 10_000) quotedKeys.set(key, text);
  }
  return text;
}
