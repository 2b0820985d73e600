import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { processIdentity } from './process-identity.js';
import { writeDurably, type Credentials } from './secrets.js';

/** `<home>/connection.json` (0600): how another program of the same user finds the running server. */
export interface ConnectionFile {
  readonly pid: number;
  readonly identity: string;
  readonly port: number;
  readonly credentials: Credentials;
}

const fileOf = (home: string) => path.join(home, 'connection.json');

export function writeConnection(home: string, port: number, credentials: Credentials): void {
  const content: ConnectionFile = { pid: process.pid, identity: processIdentity(process.pid) ?? '', port, credentials };
  writeDurably(fileOf(home), `${JSON.stringify(content, null, 2)}\n`);
}

export const forgetConnection = (home: string): void => rmSync(fileOf(home), { force: true });

/** What the file says, if the process that wrote it still lives. */
export function findLiveOwner(home: string): ConnectionFile | undefined {
  if (!existsSync(fileOf(home))) return undefined;
  try {
    const found = JSON.parse(readFileSync(fileOf(home), 'utf8')) as ConnectionFile;
    return processIdentity(found.pid) === found.identity ? found : undefined;
  } catch {
    return undefined;
  }
}
