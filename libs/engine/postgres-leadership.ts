import pg, { type ClientConfig } from 'pg';
import { pause } from './concurrency.js';
import { lockSpace } from './postgres-store.js';
import type { Leadership, Lease, OnError } from './ports.js';

/** The one that runs the policies. */
export const policyLock = 22;

/**
 * Leadership by a session advisory lock: it ends with the connection, however the process ends. Who has lost its
 * connection may finish what it had begun beside the next leader; all it does is done once, so nothing is doubled.
 */
export function createPostgresLeadership(options: {
  readonly config: ClientConfig;
  readonly onError?: OnError;
  /** How often one that stands by asks again. */
  readonly pollMs?: number;
}): Leadership {
  const { config, onError, pollMs = 1000 } = options;

  async function campaign(client: pg.Client, signal: AbortSignal): Promise<boolean> {
    await client.connect();
    // A machine that is gone without a word is noticed within seconds.
    await client.query(
      'set tcp_keepalives_idle = 2; set tcp_keepalives_interval = 1; set tcp_keepalives_count = 2; set tcp_user_timeout = 4000',
    );
    while (!signal.aborted) {
      const { rows } = await client.query<{ won: boolean }>('select pg_try_advisory_lock($1, $2) as won', [
        lockSpace,
        policyLock,
      ]);
      if (rows[0]?.won) return true;
      await pause(pollMs, signal);
    }
    return false;
  }

  return {
    async acquire(signal): Promise<Lease | undefined> {
      while (!signal.aborted) {
        const client = new pg.Client({ ...config, keepAlive: true });
        const lost = new Promise<void>((resolve) => {
          client.on('error', () => resolve());
          client.on('end', () => resolve());
        });
        const end = () => client.end().catch(() => {});
        try {
          if (await campaign(client, signal)) return { lost, release: end };
        } catch (error) {
          onError?.(error, 'policy leadership');
          await pause(pollMs, signal);
        }
        await end();
      }
      return undefined;
    },
  };
}
