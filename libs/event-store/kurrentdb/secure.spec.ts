import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { AccessDeniedError, KurrentDBClient } from '@kurrent/kurrentdb-client';
import { allOf, appendOf, dataOf } from '../contract-facts.js';
import { StoreUnavailableError } from '../index.js';
import { startKurrentDouble, type KurrentDouble } from '../test-support/kurrentdb-double/index.js';
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
        users: {
          admin: { password: 'two', groups: ['$admins'] },
          qadaga: { password: 'one', groups: ['qadaga'] },
        },
      },
    });
  });
  afterAll(() => server?.stop());

  it('is reached with the certificate of its authority, and lets the service account read the log once it may', async () => {
    const { qadaga, admin } = files();
    const store = openAs(qadaga);
    expect(await store.append(appendOf('case-1', 'none', 'a', 1))).toMatchObject({ outcome: 'appended' });
    await expect(allOf(store)).rejects.toThrow(AccessDeniedError);
    const administrator = KurrentDBClient.connectionString(connectionStringOf({ url: url(), credentialsFile: admin }));
    await administrator.setStreamMetadata('$all', { acl: { readRoles: ['$admins', 'qadaga'] } });
    expect(dataOf(await allOf(store))).toEqual([1]);
    const account = KurrentDBClient.connectionString(connectionStringOf({ url: url(), credentialsFile: qadaga }));
    await expect(account.setStreamMetadata('case-1', { maxCount: 1 })).rejects.toThrow(AccessDeniedError);
    await Promise.all([administrator.dispose(), account.dispose(), store.close()]);
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
