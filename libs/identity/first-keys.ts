import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';
import pg, { type ClientConfig } from 'pg';
import { systemClock, type Clock } from '#libs/kernel';
import { clientRoles } from './api-key.js';
import { insertKey } from './key-register.js';

export interface FirstKeys {
  /** False when there were keys already; then nothing was touched. */
  readonly created: boolean;
  readonly file: string;
}

function writeSecret(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const fresh = `${file}.new`;
  const descriptor = openSync(fresh, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(fresh, file);
}

/**
 * At the first start of a home: one key per role, written to `<home>/api-keys.txt` (0600). The operator's is bound to
 * `operatorBin`, by default that of the demonstration operator. Killed before its end, it starts over at the next start.
 */
export async function createFirstKeys(
  config: ClientConfig,
  home: string,
  options: { readonly operatorBin?: string; readonly clock?: Clock } = {},
): Promise<FirstKeys> {
  const { operatorBin = '940140000385', clock = systemClock } = options;
  const file = path.join(home, 'api-keys.txt');
  const client = new pg.Client(config);
  await client.connect();
  try {
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(hashtext('qadaga/first-keys'))`);
    const { rows } = await client.query('select 1 from identity.api_keys limit 1');
    if (rows.length > 0) {
      await client.query('rollback');
      return { created: false, file };
    }
    const lines = [
      '# API keys made at the first start. Hand them out, then delete this file; lost keys are issued anew: `qadaga keys issue`.',
    ];
    for (const role of clientRoles) {
      const bound = role === 'operator' ? { operatorBin } : {};
      const { key } = await insertKey(client, { role, label: `first ${role}`, ...bound }, clock, 'first-start');
      lines.push(`${role.padEnd(15)} ${key}${role === 'operator' ? `  # BIN ${operatorBin}` : ''}`);
    }
    // Before the commit: keys that count but were never written down would lock everybody out.
    writeSecret(file, `${lines.join('\n')}\n`);
    await client.query('commit');
    return { created: true, file };
  } finally {
    await client.end();
  }
}
