import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { HttpProblem } from './http-problem.js';

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const malformed = (detail: string) => new HttpProblem(400, 'malformed-header', detail);

const textOf = (headers: Headers, name: string): string | undefined => {
  const value = headers[name];
  return (typeof value === 'string' ? value : value?.join(', '))?.trim() || undefined;
};

/**
 * The key under which a command may be repeated: 1 to 255 visible ASCII characters, in quotation marks (the IETF draft's
 * form) or bare. @throws HttpProblem 400 when it is missing or malformed.
 */
export function readIdempotencyKey(headers: Headers): string {
  const text = textOf(headers, 'idempotency-key');
  if (text === undefined)
    throw malformed('A command needs an Idempotency-Key header: a value of your own, new for each command.');
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (!/^[!#-~]{1,255}$/.test(key) || key.includes(','))
    throw malformed(
      'Idempotency-Key must be one value of 1 to 255 visible ASCII characters, without quotes or commas.',
    );
  return key;
}

/**
 * The version in `If-Match: "<version>"`: of the filing (or notice, or order) being changed, as its ETag gave it.
 * @throws HttpProblem 428 when it is missing, 400 when it is weak, `*`, or more than one.
 */
export function readIfMatch(headers: Headers): string {
  const text = textOf(headers, 'if-match');
  if (text === undefined) throw new HttpProblem(428, 'precondition-required');
  const version = /^"([!#-~]{1,100})"$/.exec(text)?.[1];
  if (version === undefined)
    throw malformed('If-Match must be one strong entity tag, e.g. "3"; weak tags, lists and * are not taken.');
  return version;
}

/** The same where versions are counted. */
export function readVersion(headers: Headers): number {
  const text = readIfMatch(headers);
  if (!/^(0|[1-9]\d{0,8})$/.test(text))
    throw malformed('If-Match must be a version number in quotation marks, e.g. "3".');
  return Number(text);
}

const headersOf = (context: ExecutionContext) => context.switchToHttp().getRequest<{ headers: Headers }>().headers;

/** `@IdempotencyKey() key: string` */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readIdempotencyKey(headersOf(context)),
);

/** `@IfMatch() version: string`; `@IfMatch('number') version: number` */
export const IfMatch = createParamDecorator((form: 'number' | undefined, context: ExecutionContext) =>
  form === 'number' ? readVersion(headersOf(context)) : readIfMatch(headersOf(context)),
);
