import { maskText } from '#libs/kernel';
import { existsSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  correlationId,
  createHealth,
  createLogger,
  createShutdown,
  maskJsonLine,
  nestLogger,
  projectRoot,
  serveHealth,
  withCorrelation,
} from './index.js';

function recordedLogger() {
  const lines: string[] = [];
  return { lines, logger: createLogger({ level: 'trace', destination: { write: (line) => void lines.push(line) } }) };
}

const secrets = [
  'KZ86125KZT5004100100',
  'kz86125kzt5004100100',
  'KZ86 125K ZT50 0410 0100',
  'aigerim.s@energo.kz',
  'әсел@қазақ.қаз',
  '+7 701 123 45 67',
  '+77011234567',
  '+7 (701) 123-45-67',
  '8 (701) 123-45-67',
  '87011234567',
  'qdg_case-officer_0123456789012345678901234567890123456789012',
];

describe('the log', () => {
  it('never shows an account number, mail address, telephone or key, wherever it hides', () => {
    const { lines, logger } = recordedLogger();
    for (const secret of secrets) {
      logger.info(secret);
      logger.info({ deep: [{ [`key ${secret}`]: secret }] }, 'text before\n%s\nafter', secret);
      logger.child({ who: secret }).error({ err: new Error(`refused: "${secret}"`) });
      logger.info({ note: `a\n${secret}\tb` });
    }
    const all = lines.join('');
    for (const secret of secrets) expect(all).not.toContain(secret);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(lines).toHaveLength(secrets.length * 4);
  });
  it('hides the login inside an address', () => {
    expect(maskText('connecting to postgres://app:hush@localhost:5432/q')).toBe(
      'connecting to postgres://[login]@localhost:5432/q',
    );
  });
  it('leaves identifiers, times, numbers and case data alone', () => {
    for (const text of [
      '940140000385',
      '5d3f1b0e-6a1c-4c5e-9d57-2f0b8d1c7a64',
      'f8701123-4567-4701-8701-123456712345',
      '2021-01-10T13:37:41.123+06:00',
      'QJ-2026-000123',
      'case-87011234567a',
    ])
      expect(maskText(text)).toBe(text);
    expect(maskJsonLine('{"bytes":87011234567,"s":"87011234567"}')).toBe('{"bytes":87011234567,"s":"[phone]"}');
  });
  it('keeps every line JSON, and every string without such shapes as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (record) => {
        const line = JSON.stringify(record);
        const masked = JSON.parse(maskJsonLine(line)) as unknown;
        const expected = Object.entries(record).map(([key, value]) => [maskText(key), maskText(value)]);
        expect(Object.entries(masked as object)).toEqual(Object.entries(Object.fromEntries(expected)));
      }),
    );
  });
  it('carries the correlation id across awaits', async () => {
    const { lines, logger } = recordedLogger();
    await withCorrelation({ correlationId: 'c-1' }, async () => {
      await Promise.resolve();
      logger.info('inside');
    });
    logger.info('outside');
    expect(correlationId()).toBeUndefined();
    expect(lines.map((line) => (JSON.parse(line) as { correlationId?: string }).correlationId)).toEqual([
      'c-1',
      undefined,
    ]);
  });
  it('speaks for Nest', () => {
    const { lines, logger } = recordedLogger();
    const nest = nestLogger(logger);
    nest.log('started', 'NestFactory');
    nest.error('failed', 'Error: failed\n    at somewhere', 'Router');
    nest.warn({ some: 'object' }, 'Ctx');
    nest.error(new Error('thrown'));
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records).toMatchObject([
      { level: 'info', msg: 'started', context: 'NestFactory' },
      { level: 'error', msg: 'failed', context: 'Router', stack: 'Error: failed\n    at somewhere' },
      { level: 'warn', data: { some: 'object' }, context: 'Ctx' },
      { level: 'error', msg: 'thrown', err: { message: 'thrown' } },
    ]);
  });
});

describe('the project root', () => {
  it('is where the package is', () => {
    expect(existsSync(path.join(projectRoot(), 'libs', 'platform', 'project-root.ts'))).toBe(true);
  });
});

describe('health', () => {
  it('is the sum of its checks, with the failing ones named', async () => {
    const health = createHealth();
    expect(await health.readiness()).toEqual({ ok: true, checks: [] });
    health.register({ name: 'database', kind: 'readiness', check: () => ({ lag: 3 }) });
    health.register({ name: 'queue', kind: 'readiness', check: () => Promise.reject(new Error('gone: a@b.kz')) });
    health.register({ name: 'stuck', kind: 'readiness', timeoutMs: 5, check: () => new Promise(() => {}) });
    health.register({ name: 'loop', kind: 'liveness', check: () => {} });
    expect((await health.liveness()).ok).toBe(true);
    const { ok, checks } = await health.readiness();
    expect(ok).toBe(false);
    expect(checks).toMatchObject([
      { name: 'database', ok: true, detail: { lag: 3 } },
      { name: 'queue', ok: false, detail: 'gone: [e-mail]' },
      { name: 'stuck', ok: false, detail: 'no answer within 5 ms' },
    ]);
    expect(() => health.register({ name: 'loop', kind: 'liveness', check: () => {} })).toThrow('already');
  });
});

describe('the server of a process that serves nothing else', () => {
  it('answers each thing under its kind, and tells of who is not let in', async () => {
    const refused: object[] = [];
    const server = await serveHealth({
      health: createHealth(),
      host: '127.0.0.1',
      port: 0,
      pages: {
        '/metrics': async (given) =>
          given === 'Bearer right' ? { type: 'text/plain; charset=utf-8', text: 'x 1' } : undefined,
      },
      onRefused: (one) => refused.push(one),
    });
    const ask = async (path: string, authorization = '', method = 'GET') => {
      const { status, headers } = await fetch(`${server.url}${path}`, { method, headers: { authorization } });
      expect([headers.get('x-content-type-options'), headers.get('cache-control')]).toEqual(['nosniff', 'no-store']);
      return [status, headers.get('content-type')];
    };
    const text = 'text/plain; charset=utf-8';
    try {
      expect(await ask('/health/ready')).toEqual([200, 'application/json; charset=utf-8']);
      expect(await ask('/health/ready', '', 'POST')).toEqual([405, text]);
      expect(await ask('/elsewhere')).toEqual([404, text]);
      expect(await ask('/metrics', 'Bearer right')).toEqual([200, text]);
      expect(refused).toEqual([]);
      expect(await ask('/metrics', 'Bearer wrong')).toEqual([401, text]);
      expect(refused).toEqual([{ route: '/metrics', source: '127.0.0.1' }]);
    } finally {
      await server.close();
    }
  });
});

describe('shutting down', () => {
  it('closes the last first, goes on after a failure, and does it once', async () => {
    const closed: string[] = [];
    const shutdown = createShutdown(recordedLogger().logger);
    shutdown.onShutdown('database', () => closed.push('database'));
    shutdown.onShutdown('queue', () => Promise.reject(new Error('no')));
    shutdown.onShutdown('http', async () => closed.push('http'));
    expect(await Promise.all([shutdown.run('test'), shutdown.run('again')])).toEqual([false, false]);
    expect(closed).toEqual(['http', 'database']);
  });
  it('gives up when a part never closes', async () => {
    const shutdown = createShutdown(recordedLogger().logger, 5);
    shutdown.onShutdown('stuck', () => new Promise(() => {}));
    expect(await shutdown.run('test')).toBe(false);
  });
});
