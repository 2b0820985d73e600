import pg, { type ClientConfig } from 'pg';
import { pause } from './concurrency.js';
import { lockSpace } from './postgres-store.js';
import type { Leadership, Lease, OnError } from './ports.js';

/** The one that runs the policies. */
export const policyLock = 22;
/** The one that sweeps. */
export const sweepLock = 23;

/** PostgreSQL takes the lock from a session that says nothing for so long: its process hangs, or its machine does. */
const silenceMs = 4_000;
const beatMs = 1_000;

export interface PostgresLeadershipOptions {
  readonly config: ClientConfig;
  readonly lock: number;
  readonly onError?: OnError;
  /** How often one that stands by asks again. */
  readonly pollMs?: number;
}

/** A connection that may come to hold the lock. */
interface Session {
  readonly client: pg.Client;
  readonly lost: Promise<void>;
  readonly lose: () => void;
}

/**
 * Leadership by a session advisory lock: it ends with the connection, however the process ends. Who has lost its
 * connection may finish what it had begun beside the next leader; all it does is done once, so nothing is doubled.
 */
export function createPostgresLeadership(options: PostgresLeadershipOptions): Leadership {
  const { config, lock, onError, pollMs = 1000 } = options;

  function prepare(): Session {
    const client = new pg.Client({
      ...config,
      keepAlive: true,
      query_timeout: silenceMs,
      connectionTimeoutMillis: silenceMs,
    });
    let lose = () => {};
    const lost = new Promise<void>((resolve) => (lose = resolve));
    client.on('error', lose);
    client.on('end', lose);
    return { client, lost, lose };
  }

  async function connect({ client }: Session): Promise<void> {
    await client.connect();
    // A machine that is gone without a word is noticed within seconds, and so is a process that stands still.
    await client.query(
      `set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 2;
       set tcp_user_timeout = ${silenceMs}; set idle_session_timeout = ${silenceMs}`,
    );
  }

  async function wins({ client }: Session): Promise<boolean> {
    const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1, $2) as won', [
      lockSpace,
      lock,
    ]);
    return rows[0]!.won;
  }

  function leaseOf({ client, lost, lose }: Session): Lease {
    const beating = setInterval(() => client.query('select 1').catch(lose), beatMs);
    beating.unref();
    return {
      lost,
      release: async () => {
        clearInterval(beating);
        await client.end().catch(() => {});
      },
    };
  }

  /** @param signal without one the lock is asked for once */
  async function campaign(session: Session, signal?: AbortSignal): Promise<boolean> {
    await connect(session);
    for (;;) {
      if (await wins(session)) return true;
      if (signal === undefined) return false;
      await pause(pollMs, signal);
      if (signal.aborted) return false;
    }
  }

  async function attempt(signal?: AbortSignal): Promise<Lease | undefined> {
    const session = prepare();
    let won = false;
    try {
      won = await campaign(session, signal);
    } finally {
      if (!won) await session.client.end().catch(() => {});
    }
    return won ? leaseOf(session) : undefined;
  }

  return {
    async acquire(signal) {
      while (!signal.aborted)
        try {
          const lease = await attempt(signal);
          if (lease !== undefined) return lease;
        } catch (error) {
          onError?.(error, 'leadership');
          await pause(pollMs, signal);
        }
      return undefined;
    },
    tryAcquire: () => attempt(),
  };
}
