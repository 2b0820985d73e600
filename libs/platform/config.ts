import { isIP } from 'node:net';
import path from 'node:path';
import { findInstant, type Instant } from '#libs/kernel';
import { fileVariable, reader, type ConfigFault, type Environment, type Reader } from './config-reader.js';

export type { ConfigFault } from './config-reader.js';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a worker process does: folds facts into read models, performs policies, works on the queues. */
export const workerRoles = ['projections', 'policies', 'jobs'] as const;
export type WorkerRole = (typeof workerRoles)[number];

/** What the environment says about this deployment. Paths are absolute. */
export interface Config {
  readonly home: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly ruleSet: string;
  /** Over the rule set's own zone; undefined keeps that. */
  readonly zone?: string;
  readonly queue: { readonly kind: 'postgres' } | { readonly kind: 'redis'; readonly url: string };
  /**
   * An external PostgreSQL; undefined is the embedded one. `url` is the application's user, `ownerUrl` migrates; a
   * process without it waits until the schema is as it needs it.
   */
  readonly database?: { readonly url: string; readonly ownerUrl?: string };
  /** Of a worker process. */
  readonly roles: readonly WorkerRole[];
  /** Where a worker process answers about its health; 0 takes a free one. */
  readonly healthPort: number;
  /** The log on KurrentDB; undefined keeps it in PostgreSQL, where everything else is in any case. */
  readonly eventStore?: { readonly url: string; readonly credentialsFile?: string };
  /** Where notices are pushed; undefined leaves them in our inbox. */
  readonly energyBody?: { readonly url: string; readonly token?: string };
  /** Where mail is put as files, unless there is a mail server. */
  readonly outbox: string;
  /** A mail server that takes our mail. */
  readonly smtp?: { readonly url: string };
  readonly mailFrom: string;
  /** Addresses, or networks as `10.0.0.0/8`, of proxies whose word on who asks is taken. */
  readonly trustedProxies: readonly string[];
  readonly logLevel: LogLevel;
  readonly sweepSeconds: number;
  /** The instant this deployment's clock starts from instead of the real one; for demonstrations and drills only. */
  readonly simulatedClock?: Instant;
  readonly masterKeyFile?: string;
  /** Opens the metrics, and nothing else, to a scraper that has no key. */
  readonly metricsToken?: string;
  /** Traces are sent over OTLP; OpenTelemetry's own variables say where and how. */
  readonly tracing: boolean;
}

/** Lists every fault with the name of its variable; never a value, which may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly ConfigFault[]) {
    super(`the configuration has faults:\n${faults.map(({ name, message }) => `  ${name} ${message}`).join('\n')}`);
  }
}

/** May also come as a file, named by `…_FILE`. */
const secrets = [
  'QADAGA_DATABASE_URL',
  'QADAGA_DATABASE_OWNER_URL',
  'QADAGA_REDIS_URL',
  'QADAGA_ENERGY_BODY_TOKEN',
  'QADAGA_METRICS_TOKEN',
  'QADAGA_SMTP_URL',
];

/** Every name we read. `QADAGA_REQUIRE` belongs to the test suite. */
const known = new Set([
  ...secrets,
  ...secrets.map(fileVariable),
  'QADAGA_HOME',
  'QADAGA_RULES',
  'QADAGA_ZONE',
  'QADAGA_QUEUE',
  'QADAGA_EVENT_STORE_URL',
  'QADAGA_EVENT_STORE_CREDENTIALS_FILE',
  'QADAGA_ENERGY_BODY_URL',
  'QADAGA_OUTBOX',
  'QADAGA_MAIL_FROM',
  'QADAGA_TRUSTED_PROXIES',
  'QADAGA_LOG_LEVEL',
  'QADAGA_SWEEP_SECONDS',
  'QADAGA_SIMULATED_CLOCK',
  'QADAGA_MASTER_KEY_FILE',
  'QADAGA_ROLES',
  'QADAGA_HEALTH_PORT',
  'QADAGA_REQUIRE',
]);

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function queueOf(read: Reader): Config['queue'] {
  const kind = read.choice('QADAGA_QUEUE', ['postgres', 'redis'], 'postgres');
  const url = read.url('QADAGA_REDIS_URL', ['redis:', 'rediss:']);
  if (kind === 'redis' && read.text('QADAGA_REDIS_URL') === undefined)
    read.fault('QADAGA_REDIS_URL', 'is needed with QADAGA_QUEUE=redis');
  if (kind === 'postgres' && url !== undefined) read.fault('QADAGA_REDIS_URL', 'is only used with QADAGA_QUEUE=redis');
  return kind === 'redis' ? { kind, url: url ?? '' } : { kind };
}

function databaseOf(read: Reader): Config['database'] {
  const protocols = ['postgres:', 'postgresql:'];
  const url = read.url('QADAGA_DATABASE_URL', protocols);
  const ownerUrl = read.url('QADAGA_DATABASE_OWNER_URL', protocols);
  if (url === undefined && read.text('QADAGA_DATABASE_OWNER_URL') !== undefined)
    read.fault('QADAGA_DATABASE_URL', 'is needed with QADAGA_DATABASE_OWNER_URL');
  if (url === undefined) return undefined;
  if (ownerUrl === undefined) return { url };
  // The user that serves requests must not be able to change or remove facts; the owner can.
  if (new URL(url).username === new URL(ownerUrl).username)
    read.fault('QADAGA_DATABASE_URL', 'must name another database user than QADAGA_DATABASE_OWNER_URL');
  return { url, ownerUrl };
}

/** All of them unless told. */
function rolesOf(read: Reader): readonly WorkerRole[] {
  const names = read.text('QADAGA_ROLES')?.split(/[\s,]+/) ?? workerRoles;
  const chosen = workerRoles.filter((role) => names.includes(role));
  if (names.some((name) => !(workerRoles as readonly string[]).includes(name)))
    read.fault('QADAGA_ROLES', `must be some of ${workerRoles.join(', ')}, with commas between them`);
  return chosen;
}

/** The event store itself looks at the options of the address. A login in it would be printed. */
function eventStoreOf(read: Reader, file: string | undefined): Config['eventStore'] {
  const url = read.checked(
    'QADAGA_EVENT_STORE_URL',
    (value) => /^kurrentdb(?:\+discover)?:\/\/[^@\s]+$/.test(value),
    'must be an address that starts with kurrentdb:// or kurrentdb+discover://, without user and password',
  );
  if (file !== undefined && read.text('QADAGA_EVENT_STORE_URL') === undefined)
    read.fault('QADAGA_EVENT_STORE_CREDENTIALS_FILE', 'is only used with QADAGA_EVENT_STORE_URL');
  return url === undefined ? undefined : { url, ...(file === undefined ? {} : { credentialsFile: file }) };
}

/** Notices and the token that goes with them cross no network in the clear. */
const staysUnread = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' || /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname);

function energyBodyOf(read: Reader): Config['energyBody'] {
  const url = read.url('QADAGA_ENERGY_BODY_URL', ['http:', 'https:']);
  const token = read.text('QADAGA_ENERGY_BODY_TOKEN');
  if (url !== undefined && !staysUnread(new URL(url)))
    read.fault('QADAGA_ENERGY_BODY_URL', 'must be https://, unless it is on this machine');
  if (token !== undefined && read.text('QADAGA_ENERGY_BODY_URL') === undefined)
    read.fault('QADAGA_ENERGY_BODY_TOKEN', 'is only used with QADAGA_ENERGY_BODY_URL');
  return url === undefined ? undefined : { url, ...(token === undefined ? {} : { token }) };
}

function smtpOf(read: Reader): Config['smtp'] {
  const url = read.url('QADAGA_SMTP_URL', ['smtp:', 'smtps:']);
  return url === undefined ? undefined : { url };
}

function proxiesOf(read: Reader): readonly string[] {
  const given = read.text('QADAGA_TRUSTED_PROXIES')?.split(/[\s,]+/) ?? [];
  const isNetwork = (text: string) => {
    const [address, bits, ...more] = text.split('/');
    const family = isIP(address!);
    return (
      family !== 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
    );
  };
  if (!given.every(isNetwork))
    read.fault('QADAGA_TRUSTED_PROXIES', 'must be addresses or networks such as 10.0.0.0/8, with commas between them');
  return given;
}

function tracingOf(read: Reader): boolean {
  const endpoints = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'].map((name) =>
    read.url(name, ['http:', 'https:']),
  );
  return endpoints.some((endpoint) => endpoint !== undefined) && read.text('OTEL_SDK_DISABLED') !== 'true';
}

/** Only what is set, so that `'zone' in config` and spreads over defaults mean what they say. */
const defined = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };

/**
 * Reads and checks the whole environment. Names beginning with `QADAGA_` that nobody reads are faults: a misspelt
 * setting must not be silently the default.
 * @throws ConfigError with every fault at once.
 */
export function loadConfig(environment: Environment = process.env, cwd: string = process.cwd()): Config {
  const read = reader(environment, secrets);
  for (const name of Object.keys(environment))
    if (name.startsWith('QADAGA_') && !known.has(name)) read.fault(name, 'is not a setting of Qadaga');
  const home = path.resolve(cwd, read.text('QADAGA_HOME') ?? '.qadaga');
  const pathOf = (name: string) => {
    const value = read.text(name);
    return value === undefined ? undefined : path.resolve(cwd, value);
  };
  const clock = read.checked(
    'QADAGA_SIMULATED_CLOCK',
    (value) => findInstant(value) !== undefined,
    'must be an instant with an offset, e.g. 2021-01-10T09:00:00+06:00',
  );
  const config: Config = {
    home,
    host: read.checked('HOST', (value) => /^[\w.:%-]+$/.test(value), 'must be a host name or address') ?? '127.0.0.1',
    port: read.whole('PORT', 3000, 0, 65_535),
    ruleSet:
      read.checked('QADAGA_RULES', (value) => /^[a-z0-9]+(-[a-z0-9]+)*$/.test(value), 'must be the id of a rule set') ??
      'kz-384-open',
    queue: queueOf(read),
    outbox: pathOf('QADAGA_OUTBOX') ?? path.join(home, 'outbox'),
    mailFrom:
      read.checked('QADAGA_MAIL_FROM', (value) => /^[^\s<>@]+@[^\s<>@]+$/.test(value), 'must be a mail address') ??
      'qadaga@localhost',
    trustedProxies: proxiesOf(read),
    logLevel: read.choice('QADAGA_LOG_LEVEL', logLevels, 'info'),
    sweepSeconds: read.whole('QADAGA_SWEEP_SECONDS', 15, 1, 3_600),
    roles: rolesOf(read),
    healthPort: read.whole('QADAGA_HEALTH_PORT', 3001, 0, 65_535),
    tracing: tracingOf(read),
    ...defined({
      zone: read.checked('QADAGA_ZONE', isZone, 'must be the name of a time zone, e.g. Asia/Almaty'),
      database: databaseOf(read),
      eventStore: eventStoreOf(read, pathOf('QADAGA_EVENT_STORE_CREDENTIALS_FILE')),
      energyBody: energyBodyOf(read),
      smtp: smtpOf(read),
      simulatedClock: clock === undefined ? undefined : findInstant(clock),
      masterKeyFile: pathOf('QADAGA_MASTER_KEY_FILE'),
      metricsToken: read.checked(
        'QADAGA_METRICS_TOKEN',
        (value) => /^[\x21-\x7e]{20,200}$/.test(value),
        'must have 20 to 200 visible ASCII characters',
      ),
    }),
  };
  if (read.faults.length > 0) throw new ConfigError(read.faults);
  return config;
}

function withoutLogin(address: string): string {
  const url = new URL(address);
  if (url.password !== '') url.password = '***';
  for (const name of url.searchParams.keys())
    if (/pass|token|key|secret/i.test(name)) url.searchParams.set(name, '***');
  return url.toString();
}

/** The same without passwords and tokens, for printing. */
export function redacted(config: Config): Config {
  return {
    ...config,
    ...(config.metricsToken === undefined ? {} : { metricsToken: '***' }),
    ...(config.queue.kind === 'redis' ? { queue: { kind: 'redis', url: withoutLogin(config.queue.url) } } : {}),
    ...(config.database
      ? {
          database: {
            url: withoutLogin(config.database.url),
            ...(config.database.ownerUrl === undefined ? {} : { ownerUrl: withoutLogin(config.database.ownerUrl) }),
          },
        }
      : {}),
    ...(config.smtp ? { smtp: { url: withoutLogin(config.smtp.url) } } : {}),
    ...(config.energyBody
      ? {
          energyBody: {
            url: withoutLogin(config.energyBody.url),
            ...(config.energyBody.token === undefined ? {} : { token: '***' }),
          },
        }
      : {}),
  };
}
