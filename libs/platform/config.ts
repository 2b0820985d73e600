import path from 'node:path';
import { findInstant, type Instant } from '#libs/kernel';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

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
  /** An external PostgreSQL; undefined is the embedded one. `url` is the application's user, `ownerUrl` migrates. */
  readonly database?: { readonly url: string; readonly ownerUrl: string };
  /** Where notices are pushed; undefined leaves them in our inbox. */
  readonly energyBody?: { readonly url: string; readonly token?: string };
  readonly outbox: string;
  readonly logLevel: LogLevel;
  readonly sweepSeconds: number;
  /** The instant this deployment's clock starts from instead of the real one; for demonstrations and drills only. */
  readonly simulatedClock?: Instant;
  readonly masterKeyFile?: string;
}

export interface ConfigFault {
  readonly name: string;
  readonly message: string;
}

/** Lists every fault with the name of its variable; never a value, which may be a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly faults: readonly ConfigFault[]) {
    super(`the configuration has faults:\n${faults.map(({ name, message }) => `  ${name} ${message}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Every name we read. `QADAGA_REQUIRE` belongs to the test suite. */
const known = new Set([
  'QADAGA_HOME',
  'QADAGA_RULES',
  'QADAGA_ZONE',
  'QADAGA_QUEUE',
  'QADAGA_REDIS_URL',
  'QADAGA_DATABASE_URL',
  'QADAGA_DATABASE_OWNER_URL',
  'QADAGA_ENERGY_BODY_URL',
  'QADAGA_ENERGY_BODY_TOKEN',
  'QADAGA_OUTBOX',
  'QADAGA_LOG_LEVEL',
  'QADAGA_SWEEP_SECONDS',
  'QADAGA_SIMULATED_CLOCK',
  'QADAGA_MASTER_KEY_FILE',
  'QADAGA_REQUIRE',
]);

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

function findUrl(text: string, protocols: readonly string[]): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && protocols.includes(url.protocol) && url.hostname !== '' ? url : undefined;
}

/** Collects faults instead of throwing at the first. An empty value counts as not set, as in compose files. */
function reader(environment: Environment) {
  const faults: ConfigFault[] = [];
  const fault = (name: string, message: string) => void faults.push({ name, message });
  const text = (name: string) => environment[name]?.trim() || undefined;
  return {
    faults,
    fault,
    text,
    checked: (name: string, isRight: (value: string) => boolean, message: string) => {
      const value = text(name);
      if (value === undefined || isRight(value)) return value;
      fault(name, message);
      return undefined;
    },
    whole: (name: string, byDefault: number, min: number, max: number) => {
      const value = text(name);
      if (value === undefined) return byDefault;
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
      if (number >= min && number <= max) return number;
      fault(name, `must be a whole number from ${min} to ${max}`);
      return byDefault;
    },
    choice: <T extends string>(name: string, choices: readonly T[], byDefault: T): T => {
      const value = text(name);
      if (value === undefined) return byDefault;
      const found = choices.find((choice) => choice === value);
      if (found === undefined) fault(name, `must be one of ${choices.join(', ')}`);
      return found ?? byDefault;
    },
    url: (name: string, protocols: readonly string[]) => {
      const value = text(name);
      if (value === undefined || findUrl(value, protocols)) return value;
      fault(name, `must be an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
      return undefined;
    },
  };
}

type Reader = ReturnType<typeof reader>;

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
  for (const [name, other] of [
    ['QADAGA_DATABASE_URL', 'QADAGA_DATABASE_OWNER_URL'],
    ['QADAGA_DATABASE_OWNER_URL', 'QADAGA_DATABASE_URL'],
  ] as const)
    if (read.text(name) === undefined && read.text(other) !== undefined) read.fault(name, `is needed with ${other}`);
  if (url === undefined || ownerUrl === undefined) return undefined;
  // The user that serves requests must not be able to change or remove facts; the owner can.
  if (new URL(url).username === new URL(ownerUrl).username)
    read.fault('QADAGA_DATABASE_URL', 'must name another database user than QADAGA_DATABASE_OWNER_URL');
  return { url, ownerUrl };
}

function energyBodyOf(read: Reader): Config['energyBody'] {
  const url = read.url('QADAGA_ENERGY_BODY_URL', ['http:', 'https:']);
  const token = read.text('QADAGA_ENERGY_BODY_TOKEN');
  if (token !== undefined && read.text('QADAGA_ENERGY_BODY_URL') === undefined)
    read.fault('QADAGA_ENERGY_BODY_TOKEN', 'is only used with QADAGA_ENERGY_BODY_URL');
  return url === undefined ? undefined : { url, ...(token === undefined ? {} : { token }) };
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
  const read = reader(environment);
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
    logLevel: read.choice('QADAGA_LOG_LEVEL', logLevels, 'info'),
    sweepSeconds: read.whole('QADAGA_SWEEP_SECONDS', 15, 1, 3_600),
    ...defined({
      zone: read.checked('QADAGA_ZONE', isZone, 'must be the name of a time zone, e.g. Asia/Almaty'),
      database: databaseOf(read),
      energyBody: energyBodyOf(read),
      simulatedClock: clock === undefined ? undefined : findInstant(clock),
      masterKeyFile: pathOf('QADAGA_MASTER_KEY_FILE'),
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
    ...(config.queue.kind === 'redis' ? { queue: { kind: 'redis', url: withoutLogin(config.queue.url) } } : {}),
    ...(config.database
      ? { database: { url: withoutLogin(config.database.url), ownerUrl: withoutLogin(config.database.ownerUrl) } }
      : {}),
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
