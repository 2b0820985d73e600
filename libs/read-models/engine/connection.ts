import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';

/** Where PostgreSQL is, and as whom. The shape `startEmbeddedPostgres().config()` gives. */
export interface DatabaseConfig {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  readonly ssl?: ConnectionOptions;
}

export interface ConnectOptions {
  /** Statements are sent without waiting for the answers of those before. No COPY goes over such a connection. */
  readonly pipeline?: boolean;
  /** How long a statement may take, ms; without a limit a link that carries nothing any more is waited for without end. */
  readonly answerMs?: number;
}

/** A connection whose session reads instants in UTC and notices a dead peer within seconds. */
export async function connect(
  config: DatabaseConfig,
  applicationName: string,
  { pipeline = false, answerMs }: ConnectOptions = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    ...config,
    application_name: applicationName,
    keepAlive: true,
    pipeline,
    connectionTimeoutMillis: 5_000,
    ...(answerMs === undefined ? {} : { query_timeout: answerMs }),
  });
  // Without a listener the loss of an idle connection would end the process; whoever uses it next gets the error.
  client.on('error', () => {});
  await client.connect();
  // Rows and checkpoint stand in one transaction and the facts were on the disk before them: what a crash of PostgreSQL
  // takes back is folded again, so no commit here waits for the disk.
  await client.query(
    `set synchronous_commit = off; set timezone = 'UTC'; set datestyle = 'ISO, YMD'; set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1;
     set tcp_keepalives_count = 2; set idle_in_transaction_session_timeout = '60s'`,
  );
  return client;
}

type Sender = pg.ClientBase & { readonly pipeline?: boolean };

/**
 * All at once on a connection that sends ahead, else one after the other. Done only when every one is, also when one
 * fails: what is still under way must not go on after a rollback.
 */
export async function together(client: Sender, work: readonly (() => Promise<unknown>)[]): Promise<void> {
  if (!client.pipeline) {
    for (const one of work) await one();
    return;
  }
  const begun = work.map((one) => one());
  await Promise.allSettled(begun);
  await Promise.all(begun);
}

/** Runs `work` in a transaction; what it throws rolls back and is thrown on. */
export async function inTransaction<T>(client: Sender, work: () => Promise<T>): Promise<T> {
  let result: T | undefined;
  try {
    await together(client, [() => client.query('begin'), async () => (result = await work())]);
    await client.query('commit');
    return result as T;
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  }
}

/** Session locks of the read models: the first number is ours, the second says what for. */
export const locks = { space: 0x71646772, projector: 1, rebuild: 2 } as const;

export async function tryLock(client: pg.ClientBase, which: number): Promise<boolean> {
  const { rows } = await client.query<{ got: boolean }>('select pg_try_advisory_lock($1, $2) as got', [
    locks.space,
    which,
  ]);
  return rows[0]!.got;
}
