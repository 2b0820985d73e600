import pg from 'pg';
import type { DatabaseConfig } from '#libs/assembly';

interface Positions {
  readonly head: number;
  /** What every read model has folded, and what the policies have looked at. */
  readonly registers: number;
  readonly policies: number;
  /** Sessions of all processes. */
  readonly sessions: number;
  /** The session that projects. */
  readonly projector: number | null;
}

const lookMs = 25;

/** How far the workers of a house are, as its tables say. */
export class ProgressOfWork {
  private readonly pool: pg.Pool;

  /** @param config of the application's user: the sessions of others are hidden from it */
  constructor(config: DatabaseConfig) {
    this.pool = new pg.Pool({ ...config, max: 2 });
    this.pool.on('error', () => {});
  }

  async now(): Promise<Positions> {
    const { rows } = await this.pool.query<Positions>(
      `select (select coalesce(max(position), 0)::int from log.facts) as head,
        (select coalesce(min(coalesce(position, '0')::int), 0) from read.checkpoint) as registers,
        coalesce((select position::int from engine.checkpoint where name = 'policies'), 0) as policies,
        (select count(*)::int from pg_stat_activity where datname = current_database()) as sessions,
        (select l.pid from pg_locks l join pg_stat_activity a using (pid)
          where l.locktype = 'advisory' and l.granted and a.application_name = 'qadaga projector') as projector`,
    );
    return rows[0]!;
  }

  /**
   * Milliseconds until what was written after `head` is done: the registers show it, and the policies have looked at it.
   * @throws Error when it does not come within a minute
   */
  async beyond(head: number): Promise<{ readonly registersMs: number; readonly policiesMs: number }> {
    const began = performance.now();
    const past: { registers?: number; policies?: number } = {};
    for (;;) {
      const { registers, policies } = await this.now();
      const passed = performance.now() - began;
      if (registers > head) past.registers ??= passed;
      if (policies > head) past.policies ??= passed;
      if (past.registers !== undefined && past.policies !== undefined)
        return { registersMs: past.registers, policiesMs: past.policies };
      if (passed > 60_000) throw new Error(`nobody went on beyond ${head} within a minute`);
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}
