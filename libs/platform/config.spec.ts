import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ConfigError, loadConfig, redacted } from './index.js';

const faultsOf = (environment: Record<string, string>) => {
  try {
    loadConfig(environment, '/srv');
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('no fault was found');
};

describe('the configuration', () => {
  it('needs nothing', () => {
    expect(loadConfig({}, '/srv')).toEqual({
      home: '/srv/.qadaga',
      host: '127.0.0.1',
      port: 3000,
      ruleSet: 'kz-384-open',
      queue: { kind: 'postgres' },
      outbox: '/srv/.qadaga/outbox',
      mailFrom: 'qadaga@localhost',
      trustedProxies: [],
      logLevel: 'info',
      sweepSeconds: 15,
      roles: ['projections', 'policies', 'jobs'],
      healthPort: 3001,
      tracing: false,
    });
  });
  it('reads how mail leaves, and whose word is taken on who asks', () => {
    const config = loadConfig({
      QADAGA_SMTP_URL: 'smtps://us:hush@mail.example.kz',
      QADAGA_MAIL_FROM: 'registry@example.kz',
      QADAGA_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
    });
    expect(config).toMatchObject({ mailFrom: 'registry@example.kz', trustedProxies: ['10.0.0.0/8', '::1'] });
    expect(redacted(config).smtp).toEqual({ url: 'smtps://us:***@mail.example.kz' });
    const wrong = { QADAGA_SMTP_URL: 'http://x', QADAGA_MAIL_FROM: 'x', QADAGA_TRUSTED_PROXIES: '10.0.0.0/33' };
    expect(
      faultsOf(wrong)
        .faults.map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(wrong).sort());
    expect(faultsOf({ QADAGA_TRUSTED_PROXIES: 'proxy' }).message).toContain('QADAGA_TRUSTED_PROXIES');
  });
  it('sends notices over TLS, or to this machine', () => {
    for (const url of ['https://energy.example/in', 'http://127.0.0.1:81/', 'http://[::1]/', 'http://localhost/'])
      expect(loadConfig({ QADAGA_ENERGY_BODY_URL: url }).energyBody).toEqual({ url });
    for (const url of ['http://energy.example/in', 'http://127.0.0.1.example/', 'http://localhost.example/'])
      expect(faultsOf({ QADAGA_ENERGY_BODY_URL: url }).message).toContain('QADAGA_ENERGY_BODY_URL must be https://');
  });
  it('reads every setting', () => {
    const config = loadConfig(
      {
        QADAGA_HOME: 'data',
        HOST: '::1',
        PORT: '0',
        QADAGA_RULES: 'kz-384-2020',
        QADAGA_ZONE: 'Asia/Aqtau',
        QADAGA_QUEUE: 'redis',
        QADAGA_REDIS_URL: 'redis://:hush@localhost:6379',
        QADAGA_DATABASE_URL: 'postgres://app:hush1@db/qadaga',
        QADAGA_DATABASE_OWNER_URL: 'postgres://owner:hush2@db/qadaga?sslpassword=hush3',
        QADAGA_EVENT_STORE_URL: 'kurrentdb+discover://db:2113?tlsCAFile=ca.pem',
        QADAGA_EVENT_STORE_CREDENTIALS_FILE: 'keys/log',
        QADAGA_ENERGY_BODY_URL: 'https://energy.example/inbox',
        QADAGA_ENERGY_BODY_TOKEN: 'hush4',
        QADAGA_OUTBOX: '/var/out',
        QADAGA_LOG_LEVEL: 'warn',
        QADAGA_SWEEP_SECONDS: '60',
        QADAGA_SIMULATED_CLOCK: '2021-01-10T15:00:00+06:00',
        QADAGA_MASTER_KEY_FILE: 'keys/master',
        QADAGA_ROLES: 'jobs,projections',
        QADAGA_HEALTH_PORT: '0',
        QADAGA_METRICS_TOKEN: 'hush5-hush5-hush5-hush5',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        QADAGA_REQUIRE: 'all',
        PATH: '/bin',
      },
      '/srv',
    );
    expect(config).toMatchObject({
      home: '/srv/data',
      port: 0,
      roles: ['projections', 'jobs'],
      healthPort: 0,
      zone: 'Asia/Aqtau',
      outbox: '/var/out',
      simulatedClock: '2021-01-10T09:00:00.000Z',
      masterKeyFile: '/srv/keys/master',
      eventStore: { url: 'kurrentdb+discover://db:2113?tlsCAFile=ca.pem', credentialsFile: '/srv/keys/log' },
      metricsToken: 'hush5-hush5-hush5-hush5',
      tracing: true,
      energyBody: { token: 'hush4' },
    });
    const printed = JSON.stringify(redacted(config));
    expect(printed).not.toContain('hush');
    expect(printed).toContain('app:***@db');
  });
  it('lists every fault at once, by name and without the value', () => {
    const error = faultsOf({
      PORT: '70000',
      HOST: 'a b',
      QADAGA_PROT: '1',
      QADAGA_ZONE: 'Asia/Atlantis',
      QADAGA_QUEUE: 'kafka',
      QADAGA_REDIS_URL: 'http://x',
      QADAGA_DATABASE_URL: 'mysql://root:hush@x',
      QADAGA_ENERGY_BODY_TOKEN: 'hush',
      QADAGA_EVENT_STORE_URL: 'kurrentdb://log:hush@db',
      QADAGA_LOG_LEVEL: 'loud',
      QADAGA_SWEEP_SECONDS: '1.5',
      QADAGA_SIMULATED_CLOCK: '2021-02-30T00:00:00Z',
      QADAGA_RULES: '../etc',
      QADAGA_ROLES: 'jobs,cooking',
    });
    expect(error.faults.map(({ name }) => name).sort()).toEqual([
      'HOST',
      'PORT',
      'QADAGA_DATABASE_URL',
      'QADAGA_ENERGY_BODY_TOKEN',
      'QADAGA_EVENT_STORE_URL',
      'QADAGA_LOG_LEVEL',
      'QADAGA_PROT',
      'QADAGA_QUEUE',
      'QADAGA_REDIS_URL',
      'QADAGA_ROLES',
      'QADAGA_RULES',
      'QADAGA_SIMULATED_CLOCK',
      'QADAGA_SWEEP_SECONDS',
      'QADAGA_ZONE',
    ]);
    for (const { name } of error.faults) expect(error.message).toContain(name);
    expect(error.message).not.toContain('hush');
  });
  it('takes secrets from files, and says what is wrong with one', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-config-'));
    try {
      const file = path.join(dir, 'database_url');
      writeFileSync(file, 'postgres://app:hush@db/qadaga\n');
      writeFileSync(path.join(dir, 'empty'), '\n');
      const config = loadConfig({ QADAGA_DATABASE_URL_FILE: file }, '/srv');
      expect(config.database).toEqual({ url: 'postgres://app:hush@db/qadaga' });
      const error = faultsOf({
        QADAGA_DATABASE_URL_FILE: file,
        QADAGA_DATABASE_URL: 'postgres://other:hush@db/qadaga',
        QADAGA_DATABASE_OWNER_URL_FILE: path.join(dir, 'none'),
        QADAGA_REDIS_URL_FILE: path.join(dir, 'empty'),
        QADAGA_HOME_FILE: file,
      });
      expect(error.faults.map(({ name }) => name).sort()).toEqual([
        'QADAGA_DATABASE_OWNER_URL_FILE',
        'QADAGA_DATABASE_URL_FILE',
        'QADAGA_HOME_FILE',
        'QADAGA_REDIS_URL_FILE',
      ]);
      expect(error.message).not.toContain('hush');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
  it('lets a process do without the owner, and no owner do without the user', () => {
    expect(loadConfig({ QADAGA_DATABASE_URL: 'postgres://app:x@db/qadaga' }).database).not.toHaveProperty('ownerUrl');
    expect(faultsOf({ QADAGA_DATABASE_OWNER_URL: 'postgres://owner:x@db/qadaga' }).message).toContain(
      'QADAGA_DATABASE_URL is needed',
    );
  });
  it('does not let the user that serves requests be the owner of the tables', () => {
    const url = 'postgres://one:x@db/qadaga';
    expect(faultsOf({ QADAGA_DATABASE_URL: url, QADAGA_DATABASE_OWNER_URL: url }).message).toContain(
      'must name another database user',
    );
    expect(faultsOf({ QADAGA_QUEUE: 'redis' }).message).toContain('QADAGA_REDIS_URL is needed');
    expect(faultsOf({ QADAGA_EVENT_STORE_CREDENTIALS_FILE: 'keys/log' }).message).toContain('is only used with');
  });
});
