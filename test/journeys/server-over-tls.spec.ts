import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { databaseOf, examine, migrateSchema, openHouse } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { freePort } from '../support/free-port.js';
import {
  configure,
  findPostgresPrograms,
  initServer,
  serverFolder,
  startServerAt,
  stopServerAt,
  type ServerPlace,
} from '../support/postgres-server.js';

const programs = findPostgresPrograms();
const openssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
const present = programs !== undefined && openssl;
if (!present && process.env.QADAGA_REQUIRE === 'all')
  it('finds a PostgreSQL server and openssl', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no PostgreSQL server or no openssl');
  });

(present ? describe : describe.skip)('a PostgreSQL server over TLS (needs PostgreSQL and openssl)', () => {
  let dir: string;
  let place: ServerPlace;
  const file = (name: string) => path.join(dir, name);

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-tls-'));
    chmodSync(dir, 0o711);
    const run = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
    for (const authority of ['ca', 'other'])
      run(
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${authority}`, '-keyout', `${authority}.key`, '-out', `${authority}.crt`],
      );
    run(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost'],
      ...['-keyout', 'server.key', '-out', 'server.csr'],
    );
    writeFileSync(file('names'), 'subjectAltName=DNS:localhost');
    run(
      ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2'],
      ...['-extfile', 'names', '-out', 'server.crt'],
    );
    place = { programs: programs!, data: file('data'), port: await freePort() };
    initServer(place, []);
    const keys = serverFolder(file('keys'));
    execFileSync('cp', [file('server.crt'), file('server.key'), keys]);
    if (process.getuid?.() === 0) {
      const id = (option: string) => Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
      for (const name of ['server.crt', 'server.key']) chownSync(path.join(keys, name), id('-u'), id('-g'));
    }
    chmodSync(path.join(keys, 'server.key'), 0o600);
    configure(place.data, [
      'ssl = on',
      `ssl_cert_file = '${path.join(keys, 'server.crt')}'`,
      `ssl_key_file = '${path.join(keys, 'server.key')}'`,
    ]);
    // Nobody comes in without TLS.
    writeFileSync(path.join(place.data, 'pg_hba.conf'), 'hostssl all all 127.0.0.1/32 trust\n');
    await startServerAt(place);
    const client = new pg.Client(databaseOf(url('postgres', 'ca', 'postgres')));
    await client.connect();
    for (const sql of [
      'create role qadaga_owner login',
      'create role qadaga_app login',
      'create database qadaga owner qadaga_owner',
    ])
      await client.query(sql);
    await client.end();
  }, 120_000);
  afterAll(() => {
    stopServerAt(place, 'fast');
    rmSync(dir, { recursive: true, force: true });
  });

  const url = (user: string, authority: string, database = 'qadaga', host = 'localhost') =>
    `postgres://${user}@${host}:${place.port}/${database}?sslmode=verify-full&sslrootcert=${encodeURIComponent(file(`${authority}.crt`))}`;

  it('carries a whole house, and the doctor sees that it does', async () => {
    const config = loadConfig({
      QADAGA_HOME: file('home'),
      QADAGA_DATABASE_URL: url('qadaga_app', 'ca'),
      QADAGA_DATABASE_OWNER_URL: url('qadaga_owner', 'ca'),
    });
    await migrateSchema(databaseOf(config.database!.ownerUrl!), 'qadaga_app');
    const opened = await openHouse(config, { projector: true });
    try {
      await opened.catchUp();
      expect(await opened.readModels.queries.cases.idsByRef('none')).toEqual([]);
      const found = await examine(opened, undefined);
      expect(found).toContainEqual({ name: 'database', state: 'good', words: expect.stringContaining('TLS') });
    } finally {
      await opened.close();
    }
  }, 60_000);

  it.each([
    ['of another authority', () => url('qadaga_app', 'other'), /self-signed|unable to verify|certificate/i],
    ['for another name', () => url('qadaga_app', 'ca', 'qadaga', '127.0.0.1'), /altnames|IP/i],
    ['not at all', () => `postgres://qadaga_app@localhost:${place.port}/qadaga`, /no pg_hba.conf entry/],
  ])('is not spoken to with a certificate %s', async (_, address, said) => {
    const client = new pg.Client(databaseOf(address()));
    await expect(client.connect()).rejects.toThrow(said);
  });

  it('has an address whose mistakes are named', () => {
    expect(() => databaseOf('postgres://a@b/c?sslmode=prefer')).toThrow('sslmode=prefer');
    expect(() => databaseOf('postgres://a@b/c?sslmode=verify-full&sslrootcert=/nowhere')).toThrow('ENOENT');
  });
});
