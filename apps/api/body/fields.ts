import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';
import { instant } from '#libs/kernel';
import {
  isBic,
  isBin,
  isCommaList,
  isCount,
  isFileName,
  isFlag,
  isIban,
  isInstant,
  isMail,
  isMegawatts,
  isOneOf,
  isPhone,
  isPlainDate,
  isQuarter,
  isReference,
  isSha256,
  isTenge,
  isText,
  isUuid,
  isWholeNumber,
  lastPart,
  type Check,
} from './checks.js';
import { declareField, type FieldEntry, type Shape } from './field-table.js';

export interface FieldOptions {
  readonly optional?: boolean;
  readonly nullable?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly deprecated?: boolean;
}

type Schema = { readonly [keyword: string]: unknown };

/** The name class-validator keeps a fault under; the code stands in the message, see `read.ts`. */
const constraint = 'value';
export const packFault = (code: string, message: string): string => `${code}|${message}`;

/** One declaration gives the rule at the door, the unknown-field table and the OpenAPI schema of a field. */
function field(check: Check, schema: Schema, options: FieldOptions, entry: FieldEntry = {}): PropertyDecorator {
  const { optional = false, nullable = false, ...documented } = options;
  return applyDecorators(
    (target: object, name: string | symbol) => declareField(target, String(name), entry),
    ValidateIf((_object, value) => !(optional && value === undefined) && !(nullable && value === null)),
    ValidateBy({
      name: constraint,
      validator: {
        validate: (value: unknown) => faultOf(value, check) === undefined,
        defaultMessage: (args) => faultOf(args?.value, check) ?? '',
      },
    }),
    ApiProperty({
      ...schema,
      ...documented,
      required: !optional,
      ...(nullable ? { nullable } : {}),
    } as ApiPropertyOptions),
  );
}

function faultOf(value: unknown, check: Check): string | undefined {
  if (value === undefined) return packFault('missing', 'is needed');
  if (value === null) return packFault('null', 'must not be null; leave the field out instead');
  const fault = check(value);
  return fault && packFault(fault.code, fault.message);
}

const nfc = (value: unknown) => (typeof value === 'string' ? value.normalize('NFC') : value);

/** A line of text in NFC, at most `max` characters. */
export const Text = (max: number, options: FieldOptions = {}) =>
  field(isText(max), { type: 'string', minLength: 1, maxLength: max }, options, { prepare: nfc });
/** The name of a file, at most `max` characters; of a path its last part, whichever way its separators lean. */
export const FileName = (max: number, options: FieldOptions = {}) =>
  field(isFileName(max), { type: 'string', minLength: 1, maxLength: max }, options, {
    prepare: (value) => (typeof value === 'string' ? lastPart(value.normalize('NFC')) : value),
  });
/** As `Text`, and line breaks are allowed. */
export const LongText = (max: number, options: FieldOptions = {}) =>
  field(isText(max, true), { type: 'string', minLength: 1, maxLength: max }, options, { prepare: nfc });
/** A number or name that others gave: of a document, an order, a case. */
export const Reference = (options: FieldOptions = {}) =>
  field(isReference, { type: 'string', minLength: 1, maxLength: 64 }, options, { prepare: nfc });
export const PlainDay = (options: FieldOptions = {}) =>
  field(isPlainDate, { type: 'string', format: 'date', example: '2021-04-12' }, options);
export const InstantOf = (options: FieldOptions = {}) =>
  field(isInstant, { type: 'string', format: 'date-time', example: '2021-04-12T09:30:00+06:00' }, options, {
    convert: (value: string) => instant(value),
  });
export const QuarterOf = (options: FieldOptions = {}) =>
  field(isQuarter, { type: 'string', pattern: '^(19|20|21)[0-9]{2}-Q[1-4]$', example: '2021-Q1' }, options);
export const Megawatts = (options: FieldOptions = {}) =>
  field(isMegawatts, { type: 'string', pattern: '^[0-9]{1,9}([.][0-9]{1,3})?$', example: '7.90' }, options);
export const Tenge = (options: FieldOptions = {}) =>
  field(isTenge, { type: 'string', pattern: '^[0-9]{1,15}$', example: '125000000' }, options);
export const WholeNumber = (max: number, options: FieldOptions = {}) =>
  field(isWholeNumber(max), { type: 'integer', minimum: 0, maximum: max, example: 12 }, options);
export const Id = (options: FieldOptions = {}) => field(isUuid, { type: 'string', format: 'uuid' }, options);
export const Bin = (options: FieldOptions = {}) =>
  field(isBin, { type: 'string', pattern: '^[0-9]{12}$', example: '940140000385' }, options);
export const Iban = (options: FieldOptions = {}) =>
  field(isIban, { type: 'string', pattern: '^KZ[0-9]{5}[A-Z0-9]{13}$', example: 'KZ86125KZT5004100100' }, options);
export const Bic = (options: FieldOptions = {}) =>
  field(isBic, { type: 'string', pattern: '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$', example: 'HSBKKZKX' }, options);
/** Two digits of KATO; whether the region is there on the day that counts is asked where that day is known. */
export const RegionCode = (options: FieldOptions = {}) =>
  field(
    (value) =>
      typeof value === 'string' && /^[0-9]{2}$/.test(value)
        ? undefined
        : { code: 'region-malformed', message: 'must be the first two digits of a KATO code, in quotation marks' },
    { type: 'string', pattern: '^[0-9]{2}$', example: '55' },
    options,
  );
export const OneOf = (values: readonly string[], options: FieldOptions = {}) =>
  field(isOneOf(values), { type: 'string', enum: values }, options);

type ListOptions = FieldOptions & { readonly min?: number; readonly max: number };

const listOf = (item: Check, schema: Schema, { min = 0, max, ...options }: ListOptions) =>
  field(
    (value) => {
      if (!Array.isArray(value)) return { code: 'not-a-list', message: 'must be a list' };
      if (value.length < min) return { code: 'too-few', message: `needs at least ${min}` };
      if (value.length > max) return { code: 'too-many', message: `has more than ${max} items` };
      for (const one of value) {
        const wrong = item(one);
        if (wrong) return { code: wrong.code, message: `one item ${wrong.message}` };
      }
      return new Set(value).size === value.length ? undefined : { code: 'twice', message: 'names one thing twice' };
    },
    { type: 'array', items: schema, minItems: min, maxItems: max, uniqueItems: true },
    options,
    { prepare: (value) => (Array.isArray(value) ? value.map(nfc) : value) },
  );

export const Mails = (options: ListOptions) =>
  listOf(isMail, { type: 'string', format: 'email', example: 'office@example.kz' }, options);
export const Phones = (options: ListOptions) => listOf(isPhone, { type: 'string', example: '+77172000000' }, options);
export const Quarters = (options: ListOptions) => listOf(isQuarter, { type: 'string', example: '2021-Q1' }, options);
export const Texts = (max: number, options: ListOptions) =>
  listOf(isText(max), { type: 'string', maxLength: max }, options);
export const SomeOf = (values: readonly string[], options: ListOptions) =>
  listOf(isOneOf(values), { type: 'string', enum: values }, options);
export const RegionCodes = (options: ListOptions) =>
  listOf(
    (value) =>
      typeof value === 'string' && /^[0-9]{2}$/.test(value)
        ? undefined
        : { code: 'region-malformed', message: 'must be two digits in quotation marks' },
    { type: 'string', pattern: '^[0-9]{2}$', example: '55' },
    options,
  );

// Swagger knows a late type by the very name of its function, `type`.

/** An object of another shape; its faults are named by pointers below this field. */
export const Nested = (shape: () => Shape, options: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    field(
      (value) =>
        typeof value === 'object' && !Array.isArray(value)
          ? undefined
          : { code: 'not-an-object', message: 'must be an object' },
      { type: () => shape() },
      options,
      { nested: shape },
    ),
    ValidateNested(),
  );

export const NestedList = (shape: () => Shape, { min = 1, max, ...options }: ListOptions): PropertyDecorator =>
  applyDecorators(
    field(
      (value) => {
        if (!Array.isArray(value)) return { code: 'not-a-list', message: 'must be a list' };
        if (value.length < min) return { code: 'too-few', message: `needs at least ${min}` };
        return value.length > max ? { code: 'too-many', message: `has more than ${max} items` } : undefined;
      },
      { type: () => shape(), isArray: true, minItems: min, maxItems: max },
      options,
      { nested: shape, list: true },
    ),
    ValidateNested({ each: true }),
  );

/** Fields of queries: text, converted after the check. */
export const Count = (max: number, options: FieldOptions = {}) =>
  field(
    isCount(max),
    { type: 'integer', minimum: 1, maximum: max },
    { optional: true, ...options },
    { convert: Number },
  );
export const Flag = (options: FieldOptions = {}) =>
  field(isFlag, { type: 'boolean' }, { optional: true, ...options }, { convert: (value: string) => value === 'true' });
export const CommaList = (values: readonly string[], options: FieldOptions = {}) =>
  field(
    isCommaList(isOneOf(values), values.length),
    { type: 'string', example: values[0] },
    {
      optional: true,
      ...options,
      description: `${options.description ?? ''} One or more, separated by commas: ${values.join(', ')}.`.trim(),
    },
    { convert: (value: string) => value.split(',') },
  );
export const Sha256 = (options: FieldOptions = {}) =>
  field(isSha256, { type: 'string', pattern: '^[0-9a-f]{64}$' }, options);
