import 'reflect-metadata';

/** The part of a class that reading a body or a query needs: which names there are and what they hold. */
export interface FieldEntry {
  readonly nested?: () => Shape;
  readonly list?: boolean;
  /** Before the checks: e.g. Unicode normal form. */
  readonly prepare?: (value: unknown) => unknown;
  /** After the checks: e.g. the instant in UTC. */
  readonly convert?: (value: never) => unknown;
}

/** A class whose fields are declared with the decorators of `fields.ts`. */
export type Shape<T extends object = object> = new () => T;

const tables = new WeakMap<object, Map<string, FieldEntry>>();

export function declareField(prototype: object, name: string, entry: FieldEntry): void {
  const own = tables.get(prototype) ?? new Map<string, FieldEntry>();
  own.set(name, entry);
  tables.set(prototype, own);
}

const complete = new WeakMap<Shape, ReadonlyMap<string, FieldEntry>>();

/** All fields of the class, those of its parents included. */
export function fieldsOf(shape: Shape): ReadonlyMap<string, FieldEntry> {
  const known = complete.get(shape);
  if (known) return known;
  const fields = new Map<string, FieldEntry>();
  const line: object[] = [];
  for (
    let at = shape.prototype as object | null;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  )
    line.unshift(at);
  for (const prototype of line) for (const [name, entry] of tables.get(prototype) ?? []) fields.set(name, entry);
  complete.set(shape, fields);
  return fields;
}
