import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { openHouse, type OpenedHouse } from '#libs/assembly';
import { importJournal } from '#libs/application';
import { encodeFact, type RecordedFact } from '#libs/event-store';
import { openJournal } from '#libs/journal';
import { loadConfig } from '#libs/platform';
import { rootDir } from '../architecture/source-files.js';
import { freePort } from '../support/free-port.js';
import { checkOrder, checkReadModels } from '../support/invariants.js';
import {
  configure,
  findPostgresPrograms,
  initServer,
  runAs,
  serverFolder,
  startServerAt,
  stopServerAt,
  type ServerPlace,
} from '../support/postgres-server.js';

jest.setTimeout(240_000);

const programs = findPostgresPrograms();
if (programs === undefined && process.env['QADAGA_REQUIRE'] === 'all')
  it('finds a PostgreSQL server with pg_basebackup', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no PostgreSQL server with pg_basebackup');
  });

/** The drill that libs/backup/README.md describes. */
(programs === undefined ? describe.skip : describe)('a server PostgreSQL taken back to a point in time', () => {
  let dir: string;
  let place: ServerPlace;
  let running: ServerPlace | undefined;
  let opened: OpenedHouse | undefined;
  const archive = () => path.join(dir, 'wal');
  const base = () => path.join(dir, 'base');

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-pitr-'));
    chmodSync(dir, 0o755);
    place = { programs: programs!, data: path.join(dir, 'data'), port: await freePort() };
    serverFolder(archive());
    serverFolder(base());
    initServer(place, [
      'wal_level = replica',
      'archive_mode = on',
      // Under its own name once it is whole: who looks for it, or a server killed meanwhile, must not find half of it.
      `archive_command = 'test ! -f ${archive()}/%f && cp %p ${archive()}/%f.part && mv ${archive()}/%f.part ${archive()}/%f'`,
    ]);
    await start(place);
    await as('postgres', 'postgres', async (client) => {
      await client.query('create role qadaga_owner login; create role qadaga_app login');
      await client.query('create database qadaga owner qadaga_owner');
    });
  });
  afterAll(async () => {
    await opened?.close();
    if (running !== undefined) stopServerAt(running, 'immediate');
    rmSync(dir, { recursive: true, force: true });
  });

  const start = async (one: ServerPlace) => {
    await startServerAt(one);
    running = one;
  };
  async function as<T>(user: string, database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ host: '127.0.0.1', port: place.port, user, database });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }
  const open = async (): Promise<OpenedHouse> => {
    const url = (user: string) => `postgres://${user}@127.0.0.1:${place.port}/qadaga`;
    const config = loadConfig({
      QADAGA_HOME: path.join(dir, 'home'),
      QADAGA_DATABASE_URL: url('qadaga_app'),
      QADAGA_DATABASE_OWNER_URL: url('qadaga_owner'),
    });
    return (opened = await openHouse(config, { projector: true }));
  };
  /** Rows of the sample journal, from one to another. */
  async function take(opened: OpenedHouse, from: number, to: number): Promise<void> {
    const [header, ...rows] = readFileSync(path.join(rootDir, 'test/support/sample/journal.csv'), 'utf8').split('\n');
    const file = path.join(dir, `${from}.csv`);
    writeFileSync(file, [header, ...rows.slice(from, to), ''].join('\n'));
    const journal = await openJournal(file);
    const { house, catalogue, requestHash, filingByOwnNumber } = opened;
    const summary = await importJournal(house, journal.rows(), {
      rules: catalogue.ruleSet('kz-384-open'),
      regions: catalogue.regions,
      requestHash,
      filingByOwnNumber,
      onOutcome: () => {},
    });
    expect(summary.accepted).toBeGreaterThan((to - from) / 3);
    await opened.catchUp();
  }
  const factsOf = async ({ store }: OpenedHouse): Promise<string[]> => {
    const all: RecordedFact[] = [];
    for await (const batch of store.readAll()) all.push(...batch);
    return all.map(encodeFact);
  };

  it('gives what was there then, and a house that is sound', async () => {
    let house = await open();
    await take(house, 0, 60);
    runAs(place.programs, 'pg_basebackup', [
      ...['-h', '127.0.0.1', '-p', String(place.port), '-U', 'postgres'],
      ...['-D', path.join(base(), 'data'), '-X', 'none', '--checkpoint=fast', '--no-password'],
    ]);
    await take(house, 60, 120);
    const good = await factsOf(house);
    const at = await as('postgres', 'qadaga', async (client) => {
      const { rows } = await client.query<{ at: string }>('select clock_timestamp()::text as at');
      return rows[0]!.at;
    });

    // The accident, by the one user who can: and life went on after it.
    await as('qadaga_owner', 'qadaga', (client) =>
      client.query('delete from log.facts where position > 5; drop schema read cascade; truncate vault.operator_keys'),
    );
    await house.close();
    opened = undefined;
    const lastSegment = await as('postgres', 'qadaga', async (client) => {
      const { rows } = await client.query<{ name: string }>('select pg_walfile_name(pg_switch_wal()) as name');
      return rows[0]!.name;
    });
    for (const until = Date.now() + 60_000; !existsSync(path.join(archive(), lastSegment));) {
      if (Date.now() > until) throw new Error(`${lastSegment} was not archived`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    stopServerAt(place, 'immediate');
    running = undefined;

    const restored = { ...place, data: path.join(base(), 'data') };
    configure(restored.data, [
      'archive_mode = off',
      `restore_command = 'cp ${archive()}/%f %p'`,
      `recovery_target_time = '${at}'`,
      `recovery_target_action = 'promote'`,
    ]);
    writeFileSync(path.join(restored.data, 'recovery.signal'), '');
    await start(restored);
    await as('postgres', 'qadaga', async (client) => {
      for (const until = Date.now() + 60_000; ;) {
        const { rows } = await client.query<{ busy: boolean }>('select pg_is_in_recovery() as busy');
        if (!rows[0]!.busy) return;
        if (Date.now() > until) throw new Error('the recovery did not end');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });

    house = await open();
    expect(await factsOf(house)).toEqual(good);
    expect(await checkOrder(house.store)).toEqual([]);
    expect(await checkReadModels(house.pool, () => house.readModels.rebuild())).toEqual([]);
    await take(house, 120, 150);
    expect((await factsOf(house)).length).toBeGreaterThan(good.length);
  });
});
