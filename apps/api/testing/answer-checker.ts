import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Documented {
  readonly responses: {
    readonly [status: string]: { readonly content?: { readonly [type: string]: { readonly schema: object } } };
  };
}
export interface OpenApi {
  readonly paths: { readonly [path: string]: { readonly [method: string]: Documented } };
  readonly components: { readonly schemas: { readonly [name: string]: object } };
}

/** Holds answers against the OpenAPI document that describes them; gives what does not fit, in words. */
export function answerChecker(document: OpenApi) {
  // `format` and OpenAPI's own keywords are for readers.
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema({ $id: 'openapi', components: document.components });
  const compiled = new Map<object, ValidateFunction>();
  const routes = Object.entries(document.paths).map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
    methods,
  }));

  return (method: string, url: string, status: number, contentType: string, body: unknown): string | undefined => {
    const path = url.split('?')[0]!;
    const found = routes.find(({ pattern, methods }) => pattern.test(path) && methods[method.toLowerCase()]);
    if (!found) return status === 404 || status === 405 ? undefined : `${method} ${path} is not described`;
    const response = found.methods[method.toLowerCase()]!.responses[String(status)];
    if (!response) return `${method} ${path} answered ${status}, which is not described`;
    const type = contentType.split(';')[0]!;
    if (!response.content) return undefined;
    const described = response.content[type] ?? response.content['application/octet-stream'];
    if (!described) return `${method} ${path} answered ${type}, which is not described`;
    if (!type.includes('json')) return undefined;
    const { schema } = described;
    let validate = compiled.get(schema);
    if (!validate) {
      validate = ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components')) as object,
      );
      compiled.set(schema, validate);
    }
    return validate(body) ? undefined : `${method} ${path} ${status}: ${ajv.errorsText(validate.errors)}`;
  };
}
