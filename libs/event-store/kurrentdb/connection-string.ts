import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** What is wrong with an address of KurrentDB, never with a value in it that may be a secret. */
export class KurrentAddressError extends Error {
  override readonly name = 'KurrentAddressError';
  constructor(readonly faults: readonly string[]) {
    super(`the address of the event store has faults:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  }
}

export interface KurrentAddress {
  /** `kurrentdb://host:2113` or `kurrentdb+discover://…`, options after a `?`. */
  readonly url: string;
  /** A file with `user:password` on its one line, so that neither is in the environment. */
  readonly credentialsFile?: string;
}

const isTrueOrFalse = (value: string) => value === 'true' || value === 'false';
const isWhole = (value: string) => /^\d{1,9}$/.test(value);

/** The options of the client that we let through, and what each may be. */
const allowed: Readonly<Record<string, (value: string) => boolean>> = {
  tls: isTrueOrFalse,
  tlsCAFile: (value) => existsSync(value),
  connectionName: (value) => /^[\w.-]{1,100}$/.test(value),
  defaultDeadline: isWhole,
  discoveryInterval: isWhole,
  gossipTimeout: isWhole,
  maxDiscoverAttempts: isWhole,
  keepAliveInterval: (value) => isWhole(value) && Number(value) >= 10_000,
  keepAliveTimeout: isWhole,
  // What was written has to be read back; only the leader is sure to have it.
  nodePreference: (value) => value === 'leader',
};

const refused: Readonly<Record<string, string>> = {
  tlsVerifyCert: 'is not for use: name the certificate of your authority with tlsCAFile',
  throwOnAppendFailure: 'is not for use: without it a wrong revision looks like another',
  userCertFile: 'is not for use: name a file with user and password',
  userKeyFile: 'is not for use: name a file with user and password',
};

/**
 * The client's connection string of an address. The client itself only warns of options it does not know.
 * @throws KurrentAddressError with every fault at once
 */
export function connectionStringOf({ url, credentialsFile }: KurrentAddress): string {
  const parts = /^(kurrentdb(?:\+discover)?):\/\/(?:([^@/?]*)@)?([^@/?]+)\/?(?:\?([^?]*))?$/.exec(url);
  if (parts === null)
    throw new KurrentAddressError(['it must look like kurrentdb://host:2113 or kurrentdb+discover://host:2113']);
  const [, protocol, inAddress, hosts, query = ''] = parts;
  const faults: string[] = [];
  for (const host of hosts!.split(','))
    if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?$/i.test(host))
      faults.push('a host must be a name or an IPv4 address, with a port or without');

  const options: string[] = [];
  const seen = new Set<string>();
  let secure = true;
  for (const [name, value] of new URLSearchParams(query)) {
    const isKnown = Object.hasOwn(allowed, name);
    if (seen.has(name)) faults.push(`${name} is given twice`);
    else if (Object.hasOwn(refused, name)) faults.push(`${name} ${refused[name]}`);
    else if (!isKnown) faults.push(`${JSON.stringify(name).slice(0, 60)} is not an option`);
    else if (!allowed[name]!(value))
      faults.push(`${name} cannot be that${name === 'tlsCAFile' ? ': no such file' : ''}`);
    seen.add(name);
    if (name === 'tls' && value === 'false') secure = false;
    options.push(`${name}=${encodeURIComponent(name === 'tlsCAFile' ? path.resolve(value) : value)}`);
  }
  if (!secure && hosts!.split(',').some((host) => !/^(?:localhost|127\.\d+\.\d+\.\d+)(?::|$)/.test(host)))
    faults.push('tls=false is only for a server on this machine: it would switch the access rules off');
  if (!secure && seen.has('tlsCAFile')) faults.push('tlsCAFile is only used with TLS');
  if (inAddress !== undefined) faults.push('user and password belong into a file, not into the address');
  const login = credentialsFile === undefined ? undefined : readLogin(credentialsFile, secure, faults);
  if (faults.length > 0) throw new KurrentAddressError(faults);
  return `${protocol}://${login === undefined ? '' : `${login}@`}${hosts}${options.length > 0 ? `?${options.join('&')}` : ''}`;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** @returns the login that a file of one line, `user:password`, holds, or what is wrong with the file */
export function findLogin(file: string): Login | string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    return 'the file with the login cannot be read';
  }
  const login = /^([^:\s]{1,100}):(\S{1,200})$/.exec(text);
  return login === null
    ? 'the file with the login must hold one line, user:password'
    : { user: login[1]!, password: login[2]! };
}

function readLogin(file: string, secure: boolean, faults: string[]): string | undefined {
  if (!secure) faults.push('a login is only sent with TLS');
  const login = findLogin(file);
  if (typeof login !== 'string') return `${encodeURIComponent(login.user)}:${encodeURIComponent(login.password)}`;
  faults.push(login);
  return undefined;
}
