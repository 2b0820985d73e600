import type { FieldFault } from '#libs/kernel';

export type Form =
  | { readonly ok: true; readonly value: Record<string, string | readonly string[]> }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

/** A urlencoded form as a plain record in NFC; a name given more than once becomes a list. Same refusals as for JSON. */
export function findForm(text: string): Form {
  const value: Record<string, string | string[]> = {};
  const faults: FieldFault[] = [];
  for (const [rawName, rawField] of new URLSearchParams(text)) {
    const name = rawName.normalize('NFC');
    const field = rawField.normalize('NFC');
    const pointer = `/${name.slice(0, 100).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (faults.length >= 20) break;
    if (name === '__proto__') {
      faults.push({ pointer, code: 'forbidden-key', message: 'this name is not allowed' });
      continue;
    }
    if (name.includes('\0') || field.includes('\0'))
      faults.push({ pointer, code: 'nul-character', message: 'a field may not contain the character U+0000' });
    const before = Object.hasOwn(value, name) ? value[name] : undefined;
    value[name] = before === undefined ? field : Array.isArray(before) ? [...before, field] : [before, field];
  }
  return faults.length === 0 ? { ok: true, value } : { ok: false, faults };
}
