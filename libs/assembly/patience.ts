import type pg from 'pg';

/**
 * For connections on which somebody waits for an answer. On a link that carries nothing any more, and says so to nobody,
 * a question would wait for ever: it is given up after 15 s, a connection that does not come about after 5 s. The log,
 * the projector and the leaders have limits of their own; imports, rebuilds and migrations take the time they need.
 */
export const patient = <C extends pg.ClientConfig>(config: C): C & pg.ClientConfig => ({
  ...config,
  connectionTimeoutMillis: 5_000,
  query_timeout: 15_000,
  keepAlive: true,
});
