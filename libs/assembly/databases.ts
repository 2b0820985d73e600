import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { joinOrStartEmbedded, type EmbeddedPostgres } from '#libs/embedded';
import type { Config } from '#libs/platform';

/** One user's way into the database, as `pg` takes it. */
export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly ssl?: ConnectionOptions;
}

/** Where facts, tables and queues are: one PostgreSQL, two users. The owner migrates, the application serves. */
export interface Databases {
  /** Not every process of a deployment is given it. */
  readonly owner?: DatabaseConfig;
  readonly app: DatabaseConfig;
  readonly appRole: string;
  readonly kind: 'embedded' | 'server';
  /** A command that found a running server's database. */
  readonly joined: boolean;
  /** For whoever started us, e.g. where the data had to be put. */
  readonly notes: readonly string[];
  stop(): Promise<void>;
}

/** The server that the configuration names, or the embedded one of the home: `starting` already, or joined or started. */
export async function openDatabases(config: Config, starting?: Promise<EmbeddedPostgres>): Promise<Databases> {
  if (config.database) {
    const { url, ownerUrl } = config.database;
    const app = databaseOf(url);
    return {
      ...(ownerUrl === undefined ? {} : { owner: databaseOf(ownerUrl) }),
      app,
      appRole: app.user,
      kind: 'server',
      joined: false,
      notes: [],
      stop: async () => {},
    };
  }
  const embedded = await (starting ?? joinOrStartEmbedded(config.home));
  const owner = embedded.config('qadaga', 'owner');
  const app = embedded.config('qadaga', 'app');
  return {
    owner,
    app,
    appRole: app.user,
    kind: 'embedded',
    joined: embedded.joined,
    notes: embedded.notes,
    stop: () => embedded.stop(),
  };
}

/**
 * `postgres://user:password@host:port/database?sslmode=…&sslrootcert=…`. The modes are libpq's: `require` asks nobody who
 * the server is, `verify-ca` is taken for `verify-full`.
 * @throws Error for another mode, or an authority's certificate that cannot be read
 */
export function databaseOf(url: string): DatabaseConfig {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const ssl = tlsOf(searchParams.get('sslmode') ?? 'disable', searchParams.get('sslrootcert'));
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)) || 'qadaga',
    ...(ssl ? { ssl } : {}),
  };
}

function tlsOf(mode: string, authority: string | null): ConnectionOptions | undefined {
  switch (mode) {
    case 'disable':
      return undefined;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
    case 'verify-full':
      return { rejectUnauthorized: true, ...(authority ? { ca: readFileSync(authority, 'utf8') } : {}) };
    default:
      throw new Error(
        `the database's address has sslmode=${mode}; it may be disable, require, verify-ca or verify-full`,
      );
  }
}
