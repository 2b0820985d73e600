import { validateSync, type ValidationError } from 'class-validator';
import type { FieldFault } from '#libs/kernel';
import { fieldsOf, type Shape } from './field-table.js';

export type Read<T> = { readonly value: T } | { readonly faults: readonly FieldFault[] };

const mostFaults = 50;

/**
 * Makes a checked instance of `shape` from parsed JSON (or a query): unknown names are refused, every fault is named by
 * its JSON pointer. Instances are built from the field table and not by class-transformer, which drops unknown names
 * such as `constructor` or `toString` in silence instead of letting them be refused.
 */
export function read<T extends object>(shape: Shape<T>, given: unknown): Read<T> {
  const faults: FieldFault[] = [];
  const built = build(shape, given, '', faults);
  if (built === undefined) return { faults };
  collect(validateSync(built, { stopAtFirstError: true, forbidUnknownValues: false }), '', faults);
  if (faults.length > 0) return { faults: faults.slice(0, mostFaults) };
  convert(shape, built);
  return { value: built };
}

function build<T extends object>(shape: Shape<T>, given: unknown, at: string, faults: FieldFault[]): T | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    faults.push({ pointer: at, code: 'not-an-object', message: 'must be an object' });
    return undefined;
  }
  const fields = fieldsOf(shape);
  const made = new shape() as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    const entry = fields.get(name);
    const pointer = `${at}/${pointerPart(name)}`;
    if (!entry) {
      if (faults.length < mostFaults)
        faults.push({ pointer, code: 'unknown-field', message: 'is not a field of this request' });
      continue;
    }
    const value = (given as Record<string, unknown>)[name];
    const { nested } = entry;
    if (nested && entry.list && Array.isArray(value))
      // A list in the list is none of the objects wanted; class-validator would look into it.
      made[name] = value.map((item, n) =>
        buildNested(nested(), Array.isArray(item) ? null : item, `${pointer}/${n}`, faults),
      );
    else if (nested && !entry.list) made[name] = buildNested(nested(), value, pointer, faults);
    else made[name] = entry.prepare ? entry.prepare(value) : value;
  }
  return made as T;
}

/** What is no object stays as it is for the field's own check to refuse. */
function buildNested(shape: Shape, value: unknown, at: string, faults: FieldFault[]): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? build(shape, value, at, faults) : value;
}

function convert(shape: Shape, made: object): void {
  const record = made as Record<string, unknown>;
  for (const [name, { nested, list, convert: change }] of fieldsOf(shape)) {
    const value = record[name];
    if (value === undefined || value === null) continue;
    if (nested) {
      if (list) for (const item of value as object[]) convert(nested(), item);
      else convert(nested(), value as object);
    } else if (change) record[name] = change(value as never);
  }
}

function collect(errors: readonly ValidationError[], at: string, faults: FieldFault[]): void {
  for (const { property, constraints, children } of errors) {
    const pointer = `${at}/${pointerPart(property)}`;
    const known = constraints?.['value'];
    if (known !== undefined) {
      const bar = known.indexOf('|');
      faults.push({ pointer, code: known.slice(0, bar), message: known.slice(bar + 1) });
    } else if (constraints) faults.push({ pointer, code: 'not-an-object', message: 'must be an object' });
    if (children?.length) collect(children, pointer, faults);
  }
}

/** RFC 6901; a name as long as a book is cut, it helps nobody. */
export const pointerPart = (name: string): string =>
  name.slice(0, 100).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');
