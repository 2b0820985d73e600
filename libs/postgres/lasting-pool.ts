import pg, { type Pool, type PoolConfig } from 'pg';

/**
 * A pool whose lost connections end no process: one that was idle, or one just taken out, whose taker listens only a
 * moment later. A server that dies says its last word together with its last answer.
 * @param onLoss told of the idle ones; who asks on another gets the error
 */
export const lastingPool = (config: PoolConfig, onLoss: (error: Error) => void = () => {}): Pool =>
  lasting(new pg.Pool(config), onLoss);

/** The same for a pool that others make. */
export function lasting(pool: Pool, onLoss: (error: Error) => void = () => {}): Pool {
  pool.on('error', onLoss);
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
