import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '#libs/embedded';
import { loadConfig, type Config } from '#libs/platform';

/** A home that is gone afterwards. PostgreSQL's own account must be able to pass through it. */
export async function inNewHome<T>(work: (home: string) => Promise<T>): Promise<T> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-bench-'));
  chmodSync(home, 0o711);
  try {
    return await work(home);
  } finally {
    // A server that was told to end may still be writing.
    rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  }
}

/** A durable PostgreSQL as a deployment has it, and nothing in it. */
export const onPostgres = <T>(work: (server: EmbeddedPostgres) => Promise<T>): Promise<T> =>
  inNewHome(async (home) => {
    const server = await startEmbeddedPostgres({ home });
    try {
      return await work(server);
    } finally {
      await server.stop();
    }
  });

/** The configuration of a home, whatever the environment says. */
export const configOf = (home: string, more: NodeJS.ProcessEnv = {}): Config =>
  loadConfig({ QADAGA_HOME: home, QADAGA_LOG_LEVEL: 'warn', PORT: '0', ...more }, home);
