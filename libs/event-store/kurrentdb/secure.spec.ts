import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AccessDeniedError, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { allOf, appendOf, dataOf } from '../contract-facts.js';
import { StoreUnavailableError } from '../index.js';
import { startKurrentDouble, type KurrentDouble } from '../test-support/kurrentdb-double/index.js';
import { askKurrentServer, prepareKurrentServer } from './administration.js';
import { connectionStringOf, KurrentAddressError } from './connection-string.js';
import { createKurrentEventStore } from './kurrentdb.js';

jest.setTimeout(60_000);

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-kurrent-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const fileOf = (name: string, text: string): string => {
  const file = path.join(dir, name);
  writeFileSync(file, text);
  return file;
};

describe('the address of a KurrentDB', () => {
  const faultsOf = (url: string, credentialsFile?: string): string => {
    try {
      connectionStringOf({ url, ...(credentialsFile === undefined ? {} : { credentialsFile }) });
    } catch (error) {
      if (error instanceof KurrentAddressError) return error.message;
      throw error;
    }
    throw new Error('there was no fault');
  };

  it('is the client’s connection string, with the login of a file', () => {
    const credentialsFile = fileOf('login', 'qadaga:p@ss:w/rd?\n');
    const ca = fileOf('authority.pem', '');
    const url = `kurrentdb+discover://one:2113,two.example:2113?tlsCAFile=${encodeURIComponent(ca)}&gossipTimeout=3`;
    expect(connectionStringOf({ url, credentialsFile })).toBe(
      `kurrentdb+discover://qadaga:p%40ss%3Aw%2Frd%3F@one:2113,two.example:2113?tlsCAFile=${encodeURIComponent(ca)}&gossipTimeout=3`,
    );
    expect(connectionStringOf({ url: 'kurrentdb://127.0.0.1:2113?tls=false' })).toBe(
      'kurrentdb://127.0.0.1:2113?tls=false',
    );
  });

  it.each([
    ['http://db:2113', 'must look like'],
    ['kurrentdb://', 'must look like'],
    ['kurrentdb://db:2113?tlsVerifyCert=false', 'tlsVerifyCert is not for use'],
    ['kurrentdb://db:2113?throwOnAppendFailure=false', 'throwOnAppendFailure is not for use'],
    ['kurrentdb://db:2113?keepAliveIntervall=10000', '"keepAliveIntervall" is not an option'],
    ['kurrentdb://db:2113?keepAliveInterval=50', 'keepAliveInterval cannot be that'],
    ['kurrentdb://db:2113?nodePreference=follower', 'nodePreference cannot be that'],
    ['kurrentdb://db:2113?tlsCAFile=%2Fno%2Fsuch%2Ffile', 'no such file'],
    ['kurrentdb://db:2113?gossipTimeout=3&gossipTimeout=4', 'given twice'],
    ['kurrentdb://db:2113?tls=false', 'access rules off'],
    ['kurrentdb://127.0.0.1:2113,db:2113?tls=false', 'access rules off'],
    ['kurrentdb://[::1]:2113', 'a host must be'],
    ['kurrentdb://log:hush@db:2113', 'belong into a file'],
  ])('is refused, not warned of: %s', (url, message) => {
    const faults = faultsOf(url);
    expect(faults).toContain(message);
    expect(faults).not.toContain('hush');
  });

  it('needs a file with one login, and TLS to send it', () => {
    expect(faultsOf('kurrentdb://db', fileOf('two-lines', 'a:b\nc:hush'))).toContain('one line, user:password');
    expect(faultsOf('kurrentdb://db', path.join(dir, 'none'))).toContain('cannot be read');
    expect(faultsOf('kurrentdb://localhost?tls=false', fileOf('login', 'a:b'))).toContain('only sent with TLS');
  });
});

describe('a secure server', () => {
  let server: KurrentDouble;
  const authority = () => path.join(dir, 'ca.pem');
  const files = () => ({
    qadaga: fileOf('qadaga', 'qadaga:one'),
    admin: fileOf('admin', 'admin:two'),
    stranger: fileOf('stranger', 'qadaga:wrong'),
  });
  const url = (ca = authority()) => `kurrentdb://localhost:${server.port}?tlsCAFile=${encodeURIComponent(ca)}`;
  const openAs = (credentialsFile: string, ca?: string) =>
    createKurrentEventStore({
      address: { url: url(ca), credentialsFile },
      streamPrefixes: ['case-'],
      attemptMs: 2_000,
      timeoutMs: 2_000,
    });

  beforeAll(async () => {
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' });
    for (const name of ['ca', 'other'])
      openssl(
        ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
        ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
      );
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=localhost',
      '-keyout',
      'node.key',
      '-out',
      'node.csr',
    );
    fileOf('node.ext', 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    openssl(
      ...['x509', '-req', '-in', 'node.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'],
      ...['-days', '2', '-extfile', 'node.ext', '-out', 'node.pem'],
    );
    server = await startKurrentDouble({
      secure: {
        certificate: readFileSync(path.join(dir, 'node.pem')),
        key: readFileSync(path.join(dir, 'node.key')),
        users: { admin: { password: 'two', groups: ['$admins'] } },
      },
    });
  });
  afterAll(() => server?.stop());

  const clientAs = (credentialsFile: string) =>
    KurrentDBClient.connectionString(connectionStringOf({ url: url(), credentialsFile }));
  const prepare = (credentialsFile = files().qadaga) =>
    prepareKurrentServer({ address: { url: url(), credentialsFile }, administratorFile: files().admin });

  it('is reached with the certificate of its authority, and gets its account and rules once', async () => {
    const { qadaga } = files();
    const before = openAs(qadaga);
    await expect(before.append(appendOf('case-1', 'none', 'a', 1))).rejects.toThrow(AccessDeniedError);
    await before.close();
    expect(await prepare()).toEqual([
      'made the account qadaga',
      'let qadaga read the whole log',
      'let qadaga read and add to our streams, and nobody but administrators remove',
    ]);
    const length = server.log.all.length;
    expect(await prepare()).toEqual([]);
    expect(server.log.all.length).toBe(length);
  });

  it('lets the service account read and add, and take nothing away', async () => {
    const { qadaga } = files();
    const store = openAs(qadaga);
    expect(await store.append(appendOf('case-1', 'none', 'a', 1))).toMatchObject({ outcome: 'appended' });
    expect(dataOf(await allOf(store))).toEqual([1]);
    const account = clientAs(qadaga);
    for (const attempt of [
      account.setStreamMetadata('case-1', { maxCount: 1 }),
      account.getStreamMetadata('$all'),
      account.deleteStream('case-1'),
      account.tombstoneStream('case-1'),
    ])
      await expect(attempt).rejects.toThrow(AccessDeniedError);
    await Promise.all([account.dispose(), store.close()]);
    expect(await askKurrentServer({ url: url(), credentialsFile: qadaga })).toEqual({
      version: '25.1.0',
      account: { name: 'qadaga', groups: ['qadaga'] },
    });
  });

  it('sets an account right that has another password, or may too much', async () => {
    const other = fileOf('other-password', 'qadaga:three');
    expect(await prepare(other)).toEqual(['set the account qadaga right']);
    server.users.set('qadaga', { password: 'three', groups: ['$admins'] });
    expect((await askKurrentServer({ url: url(), credentialsFile: other })).account?.groups).toEqual(['$admins']);
    expect(await prepare()).toEqual(['set the account qadaga right']);
    expect(server.users.get('qadaga')).toEqual({ password: 'one', groups: ['qadaga'] });
  });

  it('says what it was refused, when patience ends', async () => {
    const address = { url: url(), credentialsFile: files().qadaga };
    const preparation = { address, administratorFile: fileOf('guess', 'admin:guess'), patienceMs: 0 };
    await expect(prepareKurrentServer(preparation)).rejects.toThrow('access-denied');
  });

  it('lets in nobody with a wrong password', async () => {
    const store = openAs(files().stranger);
    await expect(store.append(appendOf('case-2', 'none', 'a', 1))).rejects.toThrow(AccessDeniedError);
    await store.close();
  });

  it('is not trusted with the certificate of another authority', async () => {
    const store = openAs(files().qadaga, path.join(dir, 'other.pem'));
    await expect(store.append(appendOf('case-3', 'none', 'a', 1))).rejects.toThrow(StoreUnavailableError);
    await expect(store.readStream('case-1')).rejects.toThrow(StoreUnavailableError);
    await store.close();
  });
});
