import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

/** The database users: `superuser` for upkeep, `owner` owns the schemas and migrates them, `app` is the application. */
export type DatabaseUser = 'superuser' | 'owner' | 'app';

export type Credentials = { readonly [user in DatabaseUser]: { readonly user: string; readonly password: string } };

/** Replaces `file` (mode 0600) in one step; after a power cut there is the old one or the new one. */
export function writeDurably(file: string, text: string): void {
  const fresh = `${file}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(fresh, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, file);
  syncDirectory(path.dirname(file));
}

export function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

const draw = () => randomBytes(32).toString('base64url');

/**
 * The passwords of this home's database, drawn (256 bits each) before the database is made.
 * @throws Error when there is a database but its passwords are lost.
 */
export function credentialsOf(home: string, databaseExists: boolean): Credentials {
  const file = path.join(home, 'secrets', 'postgres.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  if (databaseExists) throw new Error(`the database in ${home} exists, but its passwords (${file}) are lost`);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const drawn: Credentials = {
    superuser: { user: 'postgres', password: draw() },
    owner: { user: 'qadaga_owner', password: draw() },
    app: { user: 'qadaga_app', password: draw() },
  };
  writeDurably(file, `${JSON.stringify(drawn)}\n`);
  return drawn;
}
