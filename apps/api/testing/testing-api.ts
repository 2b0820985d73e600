import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { inlineEngine, openHouse, type OpenedHouse, type ProcessTelemetry } from '#libs/assembly';
import { fileDocuments } from '#libs/documents';
import { sharedTestPostgres } from '../../../libs/embedded/testing.js';
import { clientRoles, type ClientRole, type KeyRequest } from '#libs/identity';
import { drawUuid, instant, type Clock, type Instant } from '#libs/kernel';
import { createHealth, loadConfig } from '#libs/platform';
import { createApi, type CreateApiOptions } from '../index.js';
import type { ApiParts } from '../parts.js';
import { answerChecker, type OpenApi } from './answer-checker.js';

export const ownBin = '940140000385';
export const otherBin = '970740000838';

/** A clock that stands until it is set. */
export class StandingClock implements Clock {
  constructor(private at: Instant) {}
  now(): Instant {
    return this.at;
  }
  set(text: string): void {
    this.at = instant(text);
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string | string[] | number | undefined };
  /** Parsed JSON; undefined for another kind of body. */
  readonly body: ReturnType<typeof JSON.parse>;
  readonly raw: Buffer;
}

export interface AskOptions {
  readonly as?: ClientRole | 'other-operator' | 'second-senior' | 'nobody';
  readonly body?: unknown;
  readonly headers?: { readonly [name: string]: string };
  /** Without one a new key for every command. */
  readonly key?: string;
}

export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly opened: OpenedHouse;
  readonly clock: StandingClock;
  readonly keys: { readonly [role: string]: string };
  readonly openApi: OpenApi;
  /** Every answer is also held against the OpenAPI document. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', url: string, options?: AskOptions): Promise<Answer>;
  /** Looks what is due by the clock. */
  sweep(): Promise<void>;
  /** What was written so far has its consequences: policies, jobs, registers. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** The whole API in this process over a database of its own; nothing is replaced but the clock. */
export async function startTestApi(
  options: CreateApiOptions & {
    readonly telemetry?: ProcessTelemetry;
    readonly metricsToken?: string;
    readonly queueBoard?: ApiParts['queueBoard'];
    readonly onAccess?: ApiParts['onAccess'];
    readonly onFault?: (error: unknown) => void;
  } = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<TestApi> {
  const { telemetry, metricsToken, queueBoard, onAccess, onFault, ...apiOptions } = options;
  const { observe, observeRequest, metrics } = telemetry ?? {};
  const postgres = await sharedTestPostgres();
  const database = await postgres.createDatabase();
  const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-api-'));
  const config = loadConfig(
    {
      QADAGA_HOME: home,
      QADAGA_DATABASE_URL: urlOf(database.app),
      QADAGA_DATABASE_OWNER_URL: urlOf(database.owner),
      ...environment,
    },
    home,
  );
  const clock = new StandingClock(instant('2021-04-05T05:00:00Z'));
  const opened = await openHouse(config, { clock, projector: true, ...(telemetry ? { telemetry } : {}) });
  const { identity, house, readModels, requestHash } = opened;
  const keys: Record<string, string> = {};
  const give = async (name: string, request: KeyRequest) => {
    keys[name] = (await identity.issueKey(request, 'first-start')).key;
  };
  for (const role of clientRoles)
    await give(role, { role, label: role, ...(role === 'operator' ? { operatorBin: ownBin } : {}) });
  await give('other-operator', { role: 'operator', label: 'other', operatorBin: otherBin });
  await give('second-senior', { role: 'senior-officer', label: 'second' });

  const app = await createApi(
    {
      house,
      readModels,
      identity,
      requestHash,
      documents: fileDocuments(path.join(home, 'documents'), opened.sealer),
      health: createHealth(),
      ...(queueBoard ? { queueBoard } : {}),
      ...(onAccess ? { onAccess } : {}),
      ...(observe ? { observe } : {}),
      ...(observeRequest ? { observeRequest } : {}),
      ...(metrics ? { metrics: { ...metrics, token: metricsToken } } : {}),
    },
    { logger: false, ...apiOptions },
  );

  const failures: unknown[] = [];
  const { engine, queue } = inlineEngine(opened, onFault ?? ((error) => void failures.push(error)));
  telemetry?.watch(opened, engine);
  await queue.work(engine.processors);
  const document = await app.inject({
    url: '/api/openapi.json',
    headers: { authorization: `Bearer ${keys['auditor']}` },
  });
  const openApi = JSON.parse(document.body) as OpenApi;
  const misfit = answerChecker(openApi);

  return {
    app,
    opened,
    openApi,
    sweep: async () => void (await engine.sweep()),
    async settle() {
      await engine.policies.catchUp();
      await queue.runDue();
      await opened.catchUp(10_000);
      if (failures.length > 0) throw failures[0];
    },
    clock,
    keys,
    async ask(method, url, { as = 'operator', body, headers = {}, key } = {}) {
      const payload =
        body === undefined
          ? undefined
          : Buffer.isBuffer(body) || typeof body === 'string'
            ? body
            : JSON.stringify(body);
      const answer = await app.inject({
        method,
        url,
        headers: {
          ...(as === 'nobody' ? {} : { authorization: `Bearer ${keys[as]}` }),
          ...(method === 'GET' ? {} : { 'idempotency-key': key ?? drawUuid() }),
          ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(payload === undefined ? {} : { payload }),
      });
      const isJson = /json/.test(String(answer.headers['content-type'] ?? ''));
      const parsed = isJson ? (JSON.parse(answer.body) as unknown) : undefined;
      const wrong = url.startsWith('/api/v1')
        ? misfit(method, url, answer.statusCode, String(answer.headers['content-type'] ?? ''), parsed)
        : undefined;
      if (wrong !== undefined) throw new Error(`${wrong}\n${answer.body.slice(0, 2000)}`);
      return { status: answer.statusCode, headers: answer.headers, body: parsed, raw: answer.rawPayload };
    },
    async close() {
      await app.close();
      await engine.stop();
      await opened.close();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Both operators register themselves. */
export async function registerOperators(api: TestApi): Promise<void> {
  for (const [bin, as] of [
    [ownBin, 'operator'],
    [otherBin, 'other-operator'],
  ] as const)
    await api.ask('POST', '/api/v1/operators', { as, body: { bin, name: `Operator ${bin}`, language: 'kk' } });
}

const urlOf = (config: {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
}): string =>
  `postgres://${encodeURIComponent(config.user ?? '')}:${encodeURIComponent(config.password ?? '')}@${config.host}:${config.port}/${config.database}`;
