import { readFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { Program } from '../support/program.js';
import { compiled } from './campaign.js';

/** The server as `npm start` runs it, in a process that may be killed, over one home. */
export class ServerProcess extends Program {
  constructor(
    readonly home: string,
    port: number,
  ) {
    super(
      [compiled('programs', 'standalone.js')],
      { QADAGA_HOME: home, PORT: String(port), QADAGA_LOG_LEVEL: 'error' },
      `http://127.0.0.1:${port}`,
    );
  }

  /** The postmaster of this home's PostgreSQL: killed, or asked to shut down at once as for a restart. */
  async endPostgres(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const file = JSON.parse(readFileSync(path.join(this.home, 'connection.json'), 'utf8')) as {
      port: number;
      credentials: { superuser: { user: string; password: string } };
    };
    const superuser = file.credentials.superuser;
    const client = new pg.Client({
      host: '127.0.0.1',
      port: file.port,
      database: 'postgres',
      user: superuser.user,
      password: superuser.password,
    });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>('show data_directory');
    await client.end();
    const pid = Number(readFileSync(path.join(rows[0]!.data_directory, 'postmaster.pid'), 'utf8').split('\n')[0]);
    if (!(pid > 1)) throw new Error('no postmaster');
    process.kill(pid, signal);
  }
}
