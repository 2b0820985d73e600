import { isUtf8 } from 'node:buffer';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FieldFault } from '#libs/kernel';
import { findForm } from './form.js';
import { HttpProblem } from './http-problem.js';
import { strictJsonParse } from './strict-json.js';

export interface BodyLimits {
  /** Bytes; default 256 KiB. */
  readonly bodyLimit?: number;
  /** Also takes urlencoded forms, for pages. */
  readonly forms?: boolean;
}

type Parsed =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly faults: readonly FieldFault[] };

const notUtf8: Parsed = { ok: false, faults: [{ pointer: '', code: 'not-utf-8', message: 'the body is not UTF-8' }] };

/** Replaces the parsers of Fastify and Nest: JSON is strict, forms only when wanted, anything else is 415. */
export function addBodyParsers(app: NestFastifyApplication, { bodyLimit = 262_144, forms = false }: BodyLimits): void {
  const use = (type: string, code: string, parse: (text: string) => Parsed) =>
    app.useBodyParser(type, { bodyLimit }, (_request, body, done) => {
      const parsed = isUtf8(body) ? parse(body.toString('utf8')) : notUtf8;
      if (parsed.ok) done(null, parsed.value);
      else done(new HttpProblem(400, code, undefined, parsed.faults));
    });
  app.getHttpAdapter().getInstance().removeContentTypeParser(['application/json', 'text/plain']);
  use('application/json', 'malformed-json', strictJsonParse);
  if (forms) use('application/x-www-form-urlencoded', 'malformed-form', findForm);
}
