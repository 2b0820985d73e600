import http from 'node:http';
import { answerChecker, type OpenApi } from './answer-checker.js';

export interface FuzzOptions {
  /** e.g. `http://127.0.0.1:3000` */
  readonly baseUrl: string;
  /** API keys by role; each request is made as one of them, some with none or a wrong one. */
  readonly keys: { readonly [role: string]: string };
  readonly count: number;
  readonly seed: number;
  /** Requests under way at once. Default 8. */
  readonly concurrency?: number;
  /** Ids that exist, by the name of a path parameter or field, so that some requests reach further than "unknown". */
  readonly known?: { readonly [name: string]: readonly string[] };
  /** Besides what answers may never hold: e.g. an IBAN that was filed. */
  readonly secrets?: readonly string[];
  readonly onProgress?: (done: number) => void;
}

export interface FuzzFinding {
  readonly n: number;
  readonly request: string;
  readonly status: number;
  readonly what: string;
}

export interface FuzzResult {
  readonly seed: number;
  readonly requests: number;
  readonly byStatus: { readonly [status: string]: number };
  /** Routes of the document that were asked, `GET /api/v1/cases`. */
  readonly routes: readonly string[];
  /** Routes that answered with success at least once. */
  readonly succeeded: readonly string[];
  readonly findings: readonly FuzzFinding[];
}

type Schema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly example?: unknown;
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minItems?: number;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
};

interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema?: Schema;
    readonly example?: unknown;
  }[];
  readonly requestBody?: { readonly content: { readonly [type: string]: { readonly schema: Schema } } };
}

/** mulberry32: small, seeded, the same everywhere. */
function randomOf(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (n: number) => Math.floor(next() * n);
  return {
    below,
    chance: (p: number) => next() < p,
    pick: <T>(items: readonly T[]): T => items[below(items.length)]!,
    digits: (n: number) => Array.from({ length: n }, () => below(10)).join(''),
    uuid: () => {
      const hex = Array.from({ length: 32 }, () => '0123456789abcdef'[below(16)]).join('');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };
}
type Random = ReturnType<typeof randomOf>;

/** Values nobody should send, each of which has broken something somewhere. */
const nasty: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  9007199254740992,
  '',
  ' ',
  '\u0000',
  '\u202e\u0645\u0631\u062d\u0628\u0627',
  'Қарағанды',
  'и\u0306',
  '\ud83d\ude00',
  "'; drop table read.filing; --",
  '" or 1=1',
  '../../../../etc/passwd',
  '<script>alert(1)</script>',
  '%s%s%n',
  '{{7*7}}',
  'a'.repeat(5_000),
  '-7.90',
  '7,90',
  '1e309',
  'NaN',
  'Infinity',
  '2021-02-30',
  '0000-00-00',
  '9999-12-31',
  '2021-01-01T00:00:00',
  '2021-W01',
  '00000000-0000-0000-0000-000000000000',
  [],
  {},
  [[[[[[]]]]]],
  { toString: 1 },
  { constructor: { prototype: {} } },
];

/** Bodies that are no JSON object, or not JSON at all. */
const brokenBodies: readonly string[] = [
  '',
  '{',
  '[]',
  'null',
  '"text"',
  '0',
  '{"a":1,"a":2}',
  '{"__proto__":{"admin":true}}',
  '{"a":-0}',
  '{"a":1e999}',
  '{"a":"\\ud800"}',
  '{"a":NaN}',
  '\u0000',
  `${'['.repeat(2_000)}${']'.repeat(2_000)}`,
  `{"a":"${'x'.repeat(300_000)}"}`,
  '\ufeff{}',
];

/** What an answer may never let out: where it runs, how it is built, what it asks its database. */
const leaks: readonly RegExp[] = [
  /\bat (?:async )?[\w.<>]+ \(?(?:file:|\/|node:)/,
  /node_modules|\/dist\/|\.ts:\d+|\.js:\d+/,
  /\/(?:root|home|tmp|var|etc|work|srv|usr)\//,
  /\b(?:select|insert into|update|delete from)\b[^"]{0,80}\b(?:from|where|set|values)\b/i,
  /\bsyntax error at or near\b|\brelation "|\bcolumn "|violates .{0,30}constraint|\binvalid input syntax\b/i,
  /\b(?:QueryFailedError|TypeError|RangeError|ReferenceError)\b/,
  /\bECONN[A-Z]+\b/,
];

/**
 * Drives every route of the API's own OpenAPI document with values that fit and values that do not. An answer is a
 * finding when it is a 5xx (other than "not now" with Retry-After), an error that is no problem document, a success
 * that does not fit its schema, or anything that lets a path, a stack or SQL out. The same seed makes the same requests.
 */
export async function fuzzApi(options: FuzzOptions): Promise<FuzzResult> {
  const { baseUrl, keys, count, seed, concurrency = 8, secrets = [], onProgress } = options;
  const agent = new http.Agent({ keepAlive: true, maxSockets: concurrency });
  try {
    const anyKey = Object.values(keys)[0]!;
    const described = await send(agent, baseUrl, 'GET', '/api/openapi.json', { authorization: `Bearer ${anyKey}` });
    if (described.status !== 200) throw new Error(`the OpenAPI document answered ${described.status}`);
    const document = JSON.parse(described.body.toString('utf8')) as OpenApi;
    const misfit = answerChecker(document);
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        path,
        method: method.toUpperCase(),
        operation: operation as unknown as Operation,
      })),
    );
    const random = randomOf(seed);
    const known = new Map(Object.entries(options.known ?? {}).map(([name, values]) => [name, [...values]]));
    const roles = Object.keys(keys);
    /** Roles that a route did not turn away: asked more often, or most requests would end at the door. */
    const allowed = new Map<string, Set<string>>();
    const byStatus: Record<string, number> = {};
    const asked = new Set<string>();
    const succeeded = new Set<string>();
    const findings: FuzzFinding[] = [];

    let n = 0;
    const oneRequest = async (): Promise<void> => {
      const mine = n++;
      // Every route in turn, so that none is left to chance.
      const { path, method, operation } = operations[mine % operations.length]!;
      const route = `${method} ${path}`;
      const welcome = [...(allowed.get(route) ?? [])];
      const role = welcome.length > 0 && random.chance(0.7) ? random.pick(welcome) : random.pick(roles);
      const made = requestOf(random, document, path, method, operation, known, keys, role);
      asked.add(route);
      const answer = await send(agent, baseUrl, made.method, made.url, made.headers, made.body);
      byStatus[answer.status] = (byStatus[answer.status] ?? 0) + 1;
      const text = answer.body.toString('utf8');
      if (![401, 403, 405, 429].includes(answer.status))
        allowed.set(route, (allowed.get(route) ?? new Set()).add(role));
      if (answer.status < 300 && made.method === method) {
        succeeded.add(route);
        learn(known, text);
      }
      const what = verdict(answer, made, text, secrets, misfit);
      if (what !== undefined) findings.push({ n: mine, request: describe(made), status: answer.status, what });
      if (mine % 500 === 0) onProgress?.(mine);
    };
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (n < count) await oneRequest();
      }),
    );
    return { seed, requests: n, byStatus, routes: [...asked].sort(), succeeded: [...succeeded].sort(), findings };
  } finally {
    agent.destroy();
  }
}

interface Made {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer | undefined;
}

function requestOf(
  random: Random,
  document: OpenApi,
  path: string,
  method: string,
  operation: Operation,
  known: ReadonlyMap<string, readonly string[]>,
  keys: { readonly [role: string]: string },
  role: string,
): Made {
  const valid = random.chance(0.55);
  let url = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const values = known.get(name) ?? [];
    if (values.length > 0 && random.chance(0.8)) return encodeURIComponent(random.pick(values));
    return random.chance(0.5) ? random.uuid() : encodeURIComponent(textOf(random.pick(nasty)).slice(0, 300)) || 'x';
  });
  const query: string[] = [];
  for (const parameter of operation.parameters ?? []) {
    if (parameter.in !== 'query') continue;
    if (!parameter.required && !random.chance(0.25)) continue;
    const schema = { ...parameter.schema, ...(parameter.example === undefined ? {} : { example: parameter.example }) };
    const value =
      valid || random.chance(0.5) ? validValue(random, document, schema, parameter.name, known) : random.pick(nasty);
    query.push(`${parameter.name}=${encodeURIComponent(textOf(value).slice(0, 3_000))}`);
    if (!valid && random.chance(0.05)) query.push(`${parameter.name}=twice`);
  }
  if (!valid && random.chance(0.1)) query.push('surprise=1');
  if (query.length > 0) url += `?${query.join('&')}`;

  const headers: Record<string, string> = { accept: 'application/json' };
  if (random.chance(0.97)) headers['authorization'] = `Bearer ${keys[role]}`;
  else if (random.chance(0.5)) headers['x-api-key'] = 'qdg_operator_wrong';
  if (method !== 'GET') {
    if (valid || random.chance(0.9)) headers['idempotency-key'] = random.uuid();
    if (random.chance(0.05)) headers['if-match'] = random.pick(['*', '"x"', `"${random.uuid()}"`, 'W/"1"']);
  }
  if (random.chance(0.03))
    headers['qadaga-position'] = random.pick(['x', '', 'cC8x', 'cC85OTk5OTk5OTk', '\u007f'.slice(1)]);
  if (random.chance(0.05))
    headers['accept-language'] = random.pick(['kk', 'ru;q=0.9, en', '*', ';;;', 'x'.repeat(600)]);

  let body: Buffer | undefined;
  const content = operation.requestBody?.content;
  if (content) {
    const schema = content['application/json']?.schema ?? Object.values(content)[0]!.schema;
    if (schema.format === 'binary') {
      headers['content-type'] = random.pick([
        'application/pdf',
        'image/png',
        'application/pdf',
        'text/plain',
        'application/json',
      ]);
      body = random.chance(0.6) ? Buffer.from(`%PDF-1.7 ${random.digits(9)}`) : Buffer.from(textOf(random.pick(nasty)));
    } else {
      headers['content-type'] = 'application/json';
      body = Buffer.from(bodyText(random, document, schema, known, valid));
    }
  }
  if (!valid && random.chance(0.05))
    headers['content-type'] = random.pick([
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      '/',
      'multipart/form-data',
    ]);
  const asked = !valid && random.chance(0.02) ? random.pick(['DELETE', 'PATCH', 'PUT', 'OPTIONS']) : method;
  return { method: asked, url, headers, body };
}

function bodyText(
  random: Random,
  document: OpenApi,
  schema: Schema,
  known: ReadonlyMap<string, readonly string[]>,
  valid: boolean,
): string {
  if (!valid && random.chance(0.15)) return random.pick(brokenBodies);
  const value = validValue(random, document, schema, '', known);
  if (valid || typeof value !== 'object' || value === null) return JSON.stringify(value);
  return JSON.stringify(spoiled(random, value as Record<string, unknown>));
}

/** One or two members wrong, missing or too many, at any depth. */
function spoiled(random: Random, value: Record<string, unknown>): Record<string, unknown> {
  const names = Object.keys(value);
  const changed = { ...value };
  for (let times = 1 + random.below(2); times > 0; times--) {
    const name = names.length === 0 || random.chance(0.15) ? `surprise${random.below(9)}` : random.pick(names);
    const member = changed[name];
    if (typeof member === 'object' && member !== null && !Array.isArray(member) && random.chance(0.5))
      changed[name] = spoiled(random, member as Record<string, unknown>);
    else if (random.chance(0.2)) delete changed[name];
    else changed[name] = random.pick(nasty);
  }
  return changed;
}

function validValue(
  random: Random,
  document: OpenApi,
  schema: Schema,
  name: string,
  known: ReadonlyMap<string, readonly string[]>,
): unknown {
  if (schema.$ref) return validValue(random, document, named(document, schema.$ref), name, known);
  const choices = schema.anyOf ?? schema.allOf;
  if (choices && choices.length > 0) return validValue(random, document, random.pick(choices), name, known);
  const values = known.get(name);
  if (values && values.length > 0 && random.chance(0.85)) return random.pick(values);
  if (schema.enum) return random.pick(schema.enum);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  switch (type) {
    case 'object': {
      const made: Record<string, unknown> = {};
      for (const [member, inner] of Object.entries(schema.properties ?? {}))
        if (schema.required?.includes(member) || random.chance(0.4))
          made[member] = validValue(random, document, inner, member, known);
      return oneWay(random, made);
    }
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, random.below(3)) }, () =>
        validValue(random, document, schema.items ?? {}, name, known),
      );
    case 'integer':
    case 'number':
      return (schema.minimum ?? 0) + random.below(Math.min(schema.maximum ?? 100, 50));
    case 'boolean':
      return random.chance(0.5);
    default:
      return validText(random, schema, name);
  }
}

/** A filing names its case in one way of three, and most are electronic; else nearly all would be refused at once. */
function oneWay(random: Random, made: Record<string, unknown>): Record<string, unknown> {
  const ways = ['caseId', 'caseRef', 'newCase'].filter((name) => name in made);
  if (ways.length > 1) {
    const keep = random.pick(ways);
    for (const way of ways) if (way !== keep) delete made[way];
  }
  if ('channel' in made && random.chance(0.7))
    for (const paper of ['channel', 'journalNo', 'receivedAt', 'receivedOn']) delete made[paper];
  else if (random.chance(0.5)) delete made[random.pick(['receivedAt', 'receivedOn'])];
  if ('bankIban' in made !== 'bankBic' in made) {
    delete made['bankIban'];
    delete made['bankBic'];
  }
  return made;
}

function validText(random: Random, schema: Schema, name: string): string {
  if (schema.format === 'uuid') return random.uuid();
  if (schema.format === 'date') return `202${random.below(2)}-0${1 + random.below(9)}-1${random.below(10)}`;
  if (schema.format === 'date-time')
    return `2021-0${1 + random.below(4)}-1${random.below(10)}T0${random.below(10)}:30:00+06:00`;
  if (schema.pattern?.includes('Q[1-4]')) return `202${random.below(2)}-Q${1 + random.below(4)}`;
  if (/mw$/i.test(name)) return `${random.below(100)}.${random.digits(2)}`;
  if (/kzt$/i.test(name)) return random.digits(8).replace(/^0/, '1');
  if (/^caseRef$|No$|Number$|version$/i.test(name) && random.chance(0.7)) return `F-${random.digits(9)}`;
  if (schema.example !== undefined) return textOf(schema.example);
  return random.pick(['Екібастұз', 'Pavlodar 12', 'x', 'Ақтау қ., 3-шағын аудан']);
}

const named = (document: OpenApi, $ref: string): Schema =>
  document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)] as Schema;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** No `keyId`: the list of keys names those the requests are made with, and one of them would be revoked. */
const learned = ['caseId', 'filingId', 'obligationId', 'noticeId', 'caseRef', 'cursor', 'sha256'];

/** What answers name is used again, so that later requests reach what earlier ones made. */
function learn(known: Map<string, string[]>, text: string): void {
  for (const [, name, value] of text.matchAll(/"(\w+)":"([^"\\]{1,300})"/g)) {
    if (!learned.includes(name!)) continue;
    const values = known.get(name!) ?? [];
    if (values.includes(value!)) continue;
    values.push(value!);
    if (values.length > 50) values.shift();
    known.set(name!, values);
  }
}

interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

function verdict(
  { status, headers }: Answered,
  made: Made,
  text: string,
  secrets: readonly string[],
  misfit: ReturnType<typeof answerChecker>,
): string | undefined {
  const type = String(headers['content-type'] ?? '');
  if (status >= 500 && !(status === 503 && headers['retry-after'] !== undefined))
    return `a ${status}: ${text.slice(0, 300)}`;
  for (const secret of secrets) if (text.includes(secret)) return 'a secret in the answer';
  // Bodies that were filed may hold anything; what is ours is looked through.
  if (status >= 400) {
    if (made.method === 'HEAD') return undefined;
    if (!type.startsWith('application/problem+json')) return `an error as ${type || 'nothing'}: ${text.slice(0, 300)}`;
    for (const leak of leaks) if (leak.test(text)) return `lets out ${leak.exec(text)![0].slice(0, 100)}`;
    const problem = parsed(text) as { readonly status?: number; readonly type?: string } | undefined;
    if (problem?.status !== status || !problem.type?.startsWith('urn:qadaga:problem:'))
      return `no problem document: ${text.slice(0, 300)}`;
    return undefined;
  }
  return misfit(made.method, made.url, status, type, type.includes('json') ? parsed(text) : undefined);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const describe = ({ method, url, headers, body }: Made): string => {
  const shown = Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'accept');
  const role = /qdg_([a-z-]+)_/.exec(headers['authorization'] ?? '')?.[1] ?? 'nobody';
  return `${method} ${url.slice(0, 400)} as ${role} ${JSON.stringify(Object.fromEntries(shown)).slice(0, 300)} ${body?.toString('utf8').slice(0, 800) ?? ''}`;
};

function send(
  agent: http.Agent,
  baseUrl: string,
  method: string,
  url: string,
  headers: { readonly [name: string]: string },
  body?: Buffer,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      `${baseUrl}${url}`,
      { method, agent, headers: { ...headers, ...(body ? { 'content-length': String(body.length) } : {}) } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
        );
        response.on('error', reject);
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
