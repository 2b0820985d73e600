import { filingFlags, caseStages } from '../requests/query.request.js';
import { obligationKinds } from '../requests/order.request.js';

/** What the schemas of answers are said in. */
export type Schema = { readonly [keyword: string]: unknown };

export const text: Schema = { type: 'string' };
export const id: Schema = { type: 'string', format: 'uuid' };
export const day: Schema = { type: 'string', format: 'date' };
export const instant: Schema = { type: 'string', format: 'date-time' };
export const flag: Schema = { type: 'boolean' };
export const count: Schema = { type: 'integer', minimum: 0 };
export const megawatts: Schema = { type: 'string', pattern: '^[0-9]+([.][0-9]+)?$' };
export const tenge: Schema = { type: 'string', pattern: '^[0-9]+$' };
export const anything: Schema = { type: 'object', additionalProperties: true };
export const oneOf = (values: readonly string[]): Schema => ({ type: 'string', enum: values });
export const orNull = (schema: Schema): Schema =>
  typeof schema['type'] === 'string' && schema['enum'] === undefined
    ? { ...schema, type: [schema['type'], 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
export const listOf = (items: Schema): Schema => ({ type: 'array', items });
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** All of them are always there; what is not known is null. */
export const record = (properties: { readonly [name: string]: Schema }, description?: string): Schema => ({
  type: 'object',
  ...(description ? { description } : {}),
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
/** As `record`, some members may be left out. */
export const partly = (optional: readonly string[], schema: Schema): Schema => ({
  ...schema,
  required: (schema['required'] as readonly string[]).filter((name) => !optional.includes(name)),
});
export const pageOf = (name: string): Schema =>
  record({
    items: listOf(ref(name)),
    next: { ...orNull(text), description: 'The `cursor` of the next page; null on the last.' },
  });
export const channel = oneOf(['electronic', 'paper']);
export const kind = oneOf(obligationKinds);
export const period = orNull({ type: 'string', pattern: '^[0-9]{4}-Q[1-4]$' });
export const location = record({ region: text, address: text });
export const flags = listOf(oneOf(filingFlags));
export const stage = oneOf(caseStages);
