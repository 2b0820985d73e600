import {
  findDecimal,
  findPlainDate,
  findQuarter,
  startOfDay,
  type Decimal,
  type PlainDate,
  type Quarter,
} from '#libs/kernel';

/** A data file of the rules is not what it should be. Stops the start: half-read law is worse than none. */
export class RulesDataError extends Error {
  constructor(
    readonly file: string,
    /** Path of the field, e.g. `notice.days` or `days[3].date`; empty for the file as a whole. */
    readonly field: string,
    readonly fault: string,
  ) {
    super(`${file}: ${field === '' ? '' : `${field}: `}${fault}`);
    this.name = 'RulesDataError';
  }
}

/** Where a value stands: file and path. */
export interface Place {
  readonly file: string;
  readonly field: string;
}

/** Reads a value of unknown shape or throws a RulesDataError that names file and field. */
export type Reader<T> = (value: unknown, at: Place) => T;
type Read<R> = R extends Reader<infer T> ? T : never;

export function fail(at: Place, fault: string): never {
  throw new RulesDataError(at.file, at.field, fault);
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value));
const below = (at: Place, name: string): Place => ({
  file: at.file,
  field: at.field === '' ? name : `${at.field}.${name}`,
});

function record(value: unknown, at: Place): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    fail(at, `an object is needed, not ${shown(value)}`);
  return value as Record<string, unknown>;
}

type ObjectOf<R, O> = { readonly [K in keyof R]: Read<R[K]> } & { readonly [K in keyof O]?: Read<O[K]> };

/** Exactly the fields of `required`, and of `optional` at will; an unknown or missing field is refused. */
export function object<
  R extends Record<string, Reader<unknown>>,
  O extends Record<string, Reader<unknown>> = Record<never, never>,
>(required: R, optional?: O): Reader<ObjectOf<R, O>> {
  const known = new Map<string, Reader<unknown>>([...Object.entries(required), ...Object.entries(optional ?? {})]);
  return (value, at) => {
    const fields = record(value, at);
    for (const name of Object.keys(fields)) if (!known.has(name)) fail(below(at, name), 'unknown field');
    for (const name of Object.keys(required)) if (!Object.hasOwn(fields, name)) fail(below(at, name), 'missing');
    const read: Record<string, unknown> = {};
    for (const [name, reader] of known)
      if (Object.hasOwn(fields, name)) read[name] = reader(fields[name], below(at, name));
    return read as ObjectOf<R, O>;
  };
}

export function list<T>(
  reader: Reader<T>,
  options: { readonly atLeast: number } = { atLeast: 0 },
): Reader<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) fail(at, `a list is needed, not ${shown(value)}`);
    if (value.length < options.atLeast) fail(at, `at least ${options.atLeast} are needed`);
    return value.map((item: unknown, n) => reader(item, { file: at.file, field: `${at.field}[${n}]` }));
  };
}

/** Any names, each with a text. */
export const texts: Reader<{ readonly [name: string]: string }> = (value, at) =>
  Object.fromEntries(Object.entries(record(value, at)).map(([name, one]) => [name, text(one, below(at, name))]));

export const oneOf =
  <const T extends string>(...allowed: readonly T[]): Reader<T> =>
  (value, at) =>
    allowed.find((one) => one === value) ??
    fail(at, `one of ${allowed.map((one) => JSON.stringify(one)).join(', ')} is needed, not ${shown(value)}`);

export const flag: Reader<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : fail(at, `true or false is needed, not ${shown(value)}`);

export const text: Reader<string> = (value, at) =>
  typeof value === 'string' && value.trim() !== '' ? value : fail(at, `a text is needed, not ${shown(value)}`);

/** A text that may be empty. */
export const anyText: Reader<string> = (value, at) =>
  typeof value === 'string' ? value : fail(at, `a text is needed, not ${shown(value)}`);

export const whole =
  (least: number, most: number): Reader<number> =>
  (value, at) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : fail(at, `a whole number from ${least} to ${most} is needed, not ${shown(value)}`);

export const orNull =
  <T>(reader: Reader<T>): Reader<T | null> =>
  (value, at) =>
    value === null ? null : reader(value, at);

export const day: Reader<PlainDate> = (value, at) =>
  (typeof value === 'string' ? findPlainDate(value) : undefined) ??
  fail(at, `an existing day YYYY-MM-DD is needed, not ${shown(value)}`);

export const period: Reader<Quarter> = (value, at) =>
  (typeof value === 'string' ? findQuarter(value) : undefined) ??
  fail(at, `a quarter YYYY-Qn is needed, not ${shown(value)}`);

export const megawatts: Reader<Decimal> = (value, at) =>
  (typeof value === 'string' ? findDecimal(value, 3) : undefined) ??
  fail(at, `a plain decimal in quotes with at most three places is needed, not ${shown(value)}`);

/** A zone that this machine's tz data knows. */
export const zone: Reader<string> = (value, at) => {
  const name = text(value, at);
  try {
    startOfDay('2021-01-01' as PlainDate, name);
  } catch {
    fail(at, `${shown(name)} is no zone of the tz data at hand`);
  }
  return name;
};
