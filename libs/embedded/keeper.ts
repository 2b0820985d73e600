import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Account } from './account.js';
import type { Binaries } from './binaries.js';
import { clearOrphan, findPostmaster } from './cluster.js';
import type { Lifeline } from './lifeline.js';
import { processIdentity } from './process-identity.js';
import { startPostmaster, type Postmaster } from './supervisor.js';

export interface KeepOptions {
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  readonly dataDirectory: string;
  readonly port: number | undefined;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly throwAway: boolean;
  readonly lifeline: Lifeline | undefined;
  readonly onLog: (text: string) => void;
}

export interface Kept {
  readonly port: number;
  /** Stops PostgreSQL. */
  stop(): Promise<void>;
  /** Looks after it no longer; it goes on. */
  leave(): void;
}

/** Starts PostgreSQL and starts it again, on the same port, whenever it ends unasked. */
export async function startAndKeep(options: KeepOptions): Promise<Kept> {
  let port = options.port ?? (await freePort());
  // A fresh port can be taken before PostgreSQL binds it; what a killed postmaster held in memory goes a moment after it.
  for (let attempt = 1; ; attempt++) {
    const current = startPostmaster({ ...options, port });
    try {
      await current.ready;
      return keep(current, { ...options, port });
    } catch (error) {
      const text = String(error);
      const portTaken = /could not bind|could not create any TCP/.test(text) && options.port === undefined;
      if (attempt >= 8 || !(portTaken || isPassing(text))) throw error;
      if (portTaken) port = await freePort();
      else await wait(50 * attempt);
    }
  }
}

/** Looks after a PostgreSQL that another process started and left; where it has ended since, it is started again. */
export const adoptAndKeep = (options: KeepOptions & { readonly port: number }): Kept =>
  keep(adopted(options.dataDirectory), options);

function adopted(dataDirectory: string): Postmaster {
  const pid = findPostmaster(dataDirectory);
  const identity = pid === undefined ? undefined : processIdentity(pid);
  const exited = (async () => {
    while (identity !== undefined && processIdentity(pid!) === identity) await wait(200, undefined, { ref: false });
  })();
  return { ready: Promise.resolve(), exited, shutDown: () => void clearOrphan(dataDirectory).catch(() => {}) };
}

function keep(first: Postmaster, options: KeepOptions & { readonly port: number }): Kept {
  let current = first;
  let stopping = false;
  const guard = async () => {
    for (;;) {
      await current.exited;
      for (let attempt = 0; !stopping; attempt++) {
        options.onLog(`PostgreSQL ended unasked; starting it again on port ${options.port}\n`);
        try {
          await clearOrphan(options.dataDirectory);
          if (stopping) return;
          current = startPostmaster(options);
          await current.ready;
          break;
        } catch (error) {
          options.onLog(`${String(error)}\n`);
          await wait(Math.min(5_000, 50 * 2 ** attempt), undefined, { ref: false });
        }
      }
      if (stopping) return;
    }
  };
  // The data of a throw-away server is gone with it, so there is nothing to start again.
  const guarded = options.throwAway ? current.exited : guard();
  return {
    port: options.port,
    stop: async () => {
      stopping = true;
      // Nothing else keeps this process alive until the end, least of all a server that is not its child.
      const awake = setInterval(() => {}, 1_000);
      try {
        current.shutDown();
        const late = wait(60_000, 'late' as const, { ref: false });
        if ((await Promise.race([current.exited, late])) === 'late') await clearOrphan(options.dataDirectory);
        await guarded;
      } finally {
        clearInterval(awake);
      }
    },
    leave: () => {
      stopping = true;
    },
  };
}

const isPassing = (text: string) => /shared memory block|lock file .* already exists/.test(text);

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
