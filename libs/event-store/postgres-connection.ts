import { setTimeout as wait } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import pg, { type PoolConfig } from 'pg';
import { copyIn, lastingPool } from '#libs/postgres';
import { StoreUnavailableError } from './port.js';

/** A prepared statement: `name` is unique per text. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Cell = string | number | null;

/** True when the engine or the way to it failed, so that what became of a statement is not known; false for its refusals. */
export function isConnectionLoss(error: unknown): boolean {
  if (error instanceof pg.DatabaseError)
    // 08: connection exceptions; 57P0x: shutdown, crash, starting up; 53300: too many connections.
    return /^(08|57P0[1-5]|53300)/.test(error.code ?? '');
  // Not instanceof Error: what the sockets throw may come from another realm.
  return isNativeError(error) && !(error instanceof TypeError || error instanceof RangeError);
}

/**
 * What a statement ran against: a key of log.facts, because somebody else was there first, or the failure of the
 * statement it was sent behind.
 */
export const findCollision = (error: unknown): 'position' | 'stream' | 'ahead' | undefined => {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  if (error.code === '23502' && error.column === 'position') return 'ahead';
  if (error.code !== '23505') return undefined;
  return error.constraint === 'facts_stream_revision_key' ? 'stream' : 'position';
};

/** A page or a stream takes milliseconds; on a link that carries nothing any more an answer would never come. */
const longestReadMs = 15_000;
const quick = { connectionTimeoutMillis: 5_000, keepAlive: true };

/** The connection all appends of a store go through, in the order they are sent; made anew after a loss. */
export class WriterConnection {
  #client: pg.Client | undefined;
  #connecting: Promise<pg.Client> | undefined;
  #asked = 0;
  #waitingUntil = Number.POSITIVE_INFINITY;
  #watchdog: NodeJS.Timeout | undefined;
  #session = 0;
  readonly #config: PoolConfig;

  constructor(config: PoolConfig) {
    this.#config = config;
  }

  /** Counts the connections. What was learned on an earlier one may not hold: another server may have taken over. */
  get session(): number {
    return this.#client === undefined ? this.#session + 1 : this.#session;
  }

  /** `until` (ms since the epoch): when to stop waiting for the answer, by dropping the connection. */
  run({ name, text }: Statement, values: readonly string[], until: number): Promise<readonly Cell[][]> {
    return this.#ask(until, async (client) => {
      const query = { name, text, values: values as string[], rowMode: 'array' as const };
      return (await client.query<Cell[]>(query)).rows;
    });
  }

  /** `copy … from stdin` with these lines, all or none; to be asked for while nothing else is. */
  copy(text: string, lines: Iterable<string>, until: number): Promise<void> {
    return this.#ask(until, async (client) => {
      // A statement of our own kind must have the connection to itself, and pg insists that it says so.
      const line = client as unknown as { pipeline: boolean };
      line.pipeline = false;
      try {
        await copyIn(client, text, lines);
      } finally {
        line.pipeline = true;
      }
    });
  }

  async #ask<T>(until: number, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = this.#client ?? (await (this.#connecting ??= this.#connect()));
    this.#asked++;
    this.#waitingUntil = until;
    try {
      return await work(client);
    } catch (error) {
      if (isConnectionLoss(error)) this.#drop(client);
      throw error;
    } finally {
      if (--this.#asked === 0) this.#waitingUntil = Number.POSITIVE_INFINITY;
    }
  }

  async #connect(): Promise<pg.Client> {
    // One timer that looks now and then is cheaper than one for each statement.
    this.#watchdog ??= setInterval(() => {
      if (Date.now() > this.#waitingUntil && this.#client !== undefined) this.#drop(this.#client);
    }, 100).unref();
    const client = new pg.Client({ ...this.#config, ...quick, pipeline: true });
    // A loss while nothing is asked shows at the next statement.
    client.on('error', () => this.#drop(client));
    try {
      await client.connect();
      // Plans do not depend on the values, and bulk appends should not go through temporary files.
      await client.query("set plan_cache_mode = force_generic_plan; set work_mem = '64MB'");
      this.#session++;
      this.#client = client;
    } catch (error) {
      this.#drop(client);
      throw error;
    } finally {
      this.#connecting = undefined;
    }
    return client;
  }

  #drop(client: pg.Client): void {
    if (this.#client === client) this.#client = undefined;
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }

  async close(): Promise<void> {
    clearInterval(this.#watchdog);
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }
}

/** Reads may be asked again: they change nothing. */
export class ReaderConnections {
  readonly #pool: pg.Pool;
  readonly #patienceMs: number;
  readonly #onLoss: () => void;

  /** @param onLoss when a connection was lost: the next may be to another server, which took over */
  constructor(config: PoolConfig, patienceMs: number, onLoss: () => void) {
    const limits = { query_timeout: longestReadMs, idleTimeoutMillis: 30_000 };
    this.#pool = lastingPool({ max: 8, ...config, ...quick, ...limits }, onLoss);
    this.#patienceMs = patienceMs;
    this.#onLoss = onLoss;
  }

  /** @throws StoreUnavailableError after the reader's patience, or when `isWanted` says no any more. */
  async query(
    { name, text }: Statement,
    values: readonly (Cell | readonly string[])[],
    isWanted?: () => boolean,
  ): Promise<readonly Cell[][]> {
    const deadline = Date.now() + this.#patienceMs;
    for (let attempt = 0; ; attempt++) {
      try {
        return (await this.#pool.query<Cell[]>({ name, text, values: [...values], rowMode: 'array' })).rows;
      } catch (cause) {
        if (!isConnectionLoss(cause)) throw cause;
        this.#onLoss();
        if (isWanted === undefined ? Date.now() > deadline : !isWanted())
          throw new StoreUnavailableError('PostgreSQL cannot be reached', { cause });
        await wait(Math.min(500, 10 * 2 ** attempt));
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }
}
