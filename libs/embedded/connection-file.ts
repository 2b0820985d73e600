import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { processIdentity } from './process-identity.js';
import { writeDurably, type Credentials } from './secrets.js';

export interface ProcessMark {
  readonly pid: number;
  readonly identity: string;
}

/** `<home>/connection.json` (0600): how another program of the same user finds the running server. */
export interface ConnectionFile extends ProcessMark {
  readonly port: number;
  readonly credentials: Credentials;
  /** False for a throw-away server, which goes with the process that started it. */
  readonly lasting: boolean;
  /** Others that use the server. The first of them becomes its owner when the owner leaves. */
  readonly users: readonly ProcessMark[];
}

const fileOf = (home: string) => path.join(home, 'connection.json');

export const ourMark = (): ProcessMark => ({ pid: process.pid, identity: processIdentity(process.pid) ?? '' });
export const isOurs = ({ pid }: ProcessMark): boolean => pid === process.pid;
export const lives = ({ pid, identity }: ProcessMark): boolean => processIdentity(pid) === identity;

/** The caller holds the home's start lock. */
export const writeConnection = (home: string, connection: ConnectionFile): void =>
  writeDurably(fileOf(home), `${JSON.stringify(connection, null, 2)}\n`);

export const forgetConnection = (home: string): void => rmSync(fileOf(home), { force: true });

export function findConnection(home: string): ConnectionFile | undefined {
  if (!existsSync(fileOf(home))) return undefined;
  try {
    return JSON.parse(readFileSync(fileOf(home), 'utf8')) as ConnectionFile;
  } catch {
    return undefined;
  }
}

/** What the file says, if the owner it names lives. */
export function findLiveOwner(home: string): ConnectionFile | undefined {
  const found = findConnection(home);
  return found && lives(found) ? found : undefined;
}

/** The other living users, first come first. */
export const otherUsers = ({ users }: ConnectionFile): readonly ProcessMark[] =>
  users.filter((user) => !isOurs(user) && lives(user));
