import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { ensureDatabase } from './cluster.js';
import { findLiveOwner } from './connection-file.js';
import { joinOrStartEmbedded } from './join.js';
import type { EmbeddedConfig, EmbeddedPostgres } from './postgres.js';
import { processIdentity } from './process-identity.js';
import { underStartLock } from './start-lock.js';

export interface TestDatabase {
  readonly name: string;
  readonly owner: EmbeddedConfig;
  readonly app: EmbeddedConfig;
  /** Also breaks connections that are still open. */
  drop(): Promise<void>;
}

export interface TestPostgres {
  readonly server: EmbeddedPostgres;
  /** A fresh, empty database with the roles of a real one. */
  createDatabase(): Promise<TestDatabase>;
}

const prefix = 'qadaga-test-';

/** What test processes that were killed left: they could not do it themselves. */
function removeLeftovers(): void {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = /^qadaga-test-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || processIdentity(Number(pid)) !== undefined) continue;
    rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

async function startOrFind(): Promise<EmbeddedPostgres> {
  const home = path.join(os.tmpdir(), `${prefix}${process.pid}`);
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o711);
  return underStartLock(path.join(home, 'test.lock'), 60_000, async () => {
    if (findLiveOwner(home) === undefined) {
      removeLeftovers();
      for (const name of readdirSync(home))
        if (name !== 'test.lock') rmSync(path.join(home, name), { recursive: true, force: true });
    }
    return joinOrStartEmbedded({ home, durable: false, throwAway: true });
  });
}

/**
 * A throw-away PostgreSQL without fsync for this test process. A Jest worker runs many test files, each in a world of
 * its own: the later ones find the server through its connection file. It keeps Jest neither open nor
 * waiting, and ends with the process however that ends; so nothing stops it.
 */
export async function sharedTestPostgres(): Promise<TestPostgres> {
  const server = await startOrFind();
  const asSuperuser = async (work: (client: pg.Client) => Promise<unknown>) => {
    const client = new pg.Client(server.config('postgres', 'superuser'));
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  };
  return {
    server,
    createDatabase: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      const owner = server.config(name, 'owner');
      const app = server.config(name, 'app');
      await asSuperuser((client) => ensureDatabase(client, { superuser: app, owner, app }, name));
      return {
        name,
        owner,
        app,
        drop: () => asSuperuser((client) => client.query(`drop database "${name}" with (force)`)),
      };
    },
  };
}
