/**
 * A JSON value kept as its text. A deadline's trace is some thirty objects that a projection never looks into; held as
 * one string it costs the garbage collector nothing however many rows are in memory.
 */
export class JsonText {
  constructor(readonly text: string) {}
}

const typed = <T extends object>(held: JsonText): T => held as unknown as T;

/** For a jsonb column whose values are all different. Typed as what it stands for: only `parsed` may open it. */
export const asText = <T extends object>(value: T): T => typed(new JsonText(JSON.stringify(value)));

/** The same few traces come again and again: every case has the same deadline for the same quarter. */
const known = new Map<string, JsonText>();
const mostKnown = 2_000;

/** As `asText`, for a jsonb column with few different values: equal ones are one text in memory. */
export function asSharedText<T extends object>(value: T): T {
  const text = JSON.stringify(value);
  let held = known.get(text);
  if (held === undefined) {
    if (known.size >= mostKnown) known.clear();
    held = new JsonText(text);
    known.set(text, held);
  }
  return typed(held);
}

export const parsed = <T extends object>(value: T): T =>
  value instanceof JsonText ? (JSON.parse(value.text) as T) : value;
