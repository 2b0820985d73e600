import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { answerSchemas } from '../answers/schemas.js';

/** The whole interface as OpenAPI 3.1. Built once, when it is first asked for. */
export function openApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Qadaga')
    .setVersion('1')
    .setDescription(description)
    .addBearerAuth(
      { type: 'http', scheme: 'bearer', description: 'An API key: `Authorization: Bearer qdg_…`' },
      'bearer',
    )
    .addApiKey(
      { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'The same key in a header of its own.' },
      'apiKey',
    )
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('apiKey')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '').toLowerCase()}.${method}`,
  });
  const schemas = { ...document.components?.schemas, ...answerSchemas } as Record<string, unknown>;
  return inTheWordsOf31({
    ...document,
    components: { ...document.components, schemas },
  }) as unknown as OpenAPIObject;
}

const description = `Filings about digital mining (Order 384/НҚ of 13 October 2020) and what follows from them.

Megawatts and money are decimal **strings** and come back with the digits they were filed with. Days are \`YYYY-MM-DD\`,
instants RFC 3339 with their offset. Every command needs an \`Idempotency-Key\`; its answer carries \`Qadaga-Position\`,
and a question that gives it back waits until its answer shows that command. Errors are RFC 9457 problem documents.`;

/** Swagger still writes \`nullable\` of OpenAPI 3.0; 3.1 is JSON Schema, where null is a type. */
function inTheWordsOf31(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(inTheWordsOf31);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = node as Record<string, unknown>;
  const changed = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, inTheWordsOf31(value)]));
  if (nullable !== true) return changed;
  if (typeof changed['type'] === 'string') return { ...changed, type: [changed['type'], 'null'] };
  return { anyOf: [changed, { type: 'null' }] };
}
