import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import { openDatabases, openLog, simulatedClockFile, type Databases } from '#libs/assembly';
import { makeBackup } from '#libs/backup';
import { sealedFiles } from '#libs/documents';
import { systemClock } from '#libs/kernel';
import { projectRoot, type Config } from '#libs/platform';
import { withClient } from '#libs/postgres';
import { findMasterKey, opensVault, wrapMasterKey } from '#libs/sealing';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';
import { outputFile } from '../output-file.js';
import { ownerOf } from '../owner-of.js';
import { logProgress, progressBar } from '../progress.js';

export interface BackupFlags {
  readonly out: string;
  readonly withMasterKey?: boolean;
  readonly passphraseFile?: string;
}

export const clockPart = 'simulated-clock.json';
export const masterKeyPart = 'master-key.json';

/** `qadaga backup --out FILE`: exit 1 when documents that facts name are lost; the backup is made all the same. */
export async function backupCommand(flags: BackupFlags): Promise<number> {
  const file = outputFile(flags.out);
  if (existsSync(file)) throw new CommandError(`${file} is there already`, 2);
  if (flags.withMasterKey && flags.passphraseFile === undefined)
    throw new CommandError('--with-master-key needs --passphrase-file: the key never lies in the clear', 2);
  const passphrase = flags.passphraseFile === undefined ? undefined : readPassphrase(flags.passphraseFile);
  const config = configOfExisting();
  const databases = await openDatabases(config);
  const bar = progressBar('facts');
  try {
    await refuseUnused(databases);
    const store = await openLog(config, databases);
    try {
      const extras = new Map<string, Buffer>();
      if (existsSync(simulatedClockFile(config.home)))
        extras.set(clockPart, readFileSync(simulatedClockFile(config.home)));
      if (flags.withMasterKey) extras.set(masterKeyPart, await keptMasterKey(config, databases, passphrase!));
      const { manifest, id } = await makeBackup(file, {
        store,
        owner: ownerOf(databases),
        documents: sealedFiles(path.join(config.home, 'documents')),
        extras,
        about: {
          qadaga: versionOf(),
          engine: `${config.eventStore ? 'KurrentDB and ' : ''}PostgreSQL (${databases.kind})`,
          createdAt: systemClock.now(),
          masterKey: flags.withMasterKey ?? false,
        },
        onProgress: ({ facts, at, head }) => bar.update(...logProgress(at, head), `${facts} facts`),
      });
      bar.stop();
      const { facts, documents, lostDocuments } = manifest;
      process.stdout.write(
        `${facts.count} facts and ${documents} documents are in ${file}\n` +
          `facts SHA-256 ${facts.sha256}\nbackup ${id}\n`,
      );
      if (!flags.withMasterKey)
        process.stderr.write('The master key is not in it: without its own copy nothing sealed can be opened again.\n');
      for (const address of lostDocuments) process.stderr.write(`the document ${address} is lost\n`);
      return lostDocuments.length > 0 ? 1 : 0;
    } finally {
      await store.close();
    }
  } finally {
    bar.stop();
    await databases.stop();
  }
}

const versionOf = (): string =>
  (JSON.parse(readFileSync(path.join(projectRoot(), 'package.json'), 'utf8')) as { version: string }).version;

/** @throws CommandError for a file that cannot be read, or a text that could be guessed. */
export function readPassphrase(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new CommandError(`the passphrase file cannot be read: ${(error as NodeJS.ErrnoException).code}`, 2);
  }
  if (text.length < 12) throw new CommandError('a passphrase has twelve characters at least', 2);
  return text;
}

async function refuseUnused(databases: Databases): Promise<void> {
  const used = await ask<{ used: boolean }>(
    databases,
    `select to_regclass('public.read_model_migration') is not null as used`,
  );
  if (!used[0]!.used) throw new CommandError('there is nothing to back up: no server has run on this home');
}

async function keptMasterKey(config: Config, databases: Databases, passphrase: string): Promise<Buffer> {
  const { home, masterKeyFile } = config;
  const key = findMasterKey({ home, ...(masterKeyFile === undefined ? {} : { file: masterKeyFile }) });
  if (key === undefined) throw new CommandError('the master key is not here');
  const houseKeys = await ask<{ name: string; wrapped: string }>(
    databases,
    'select name, wrapped from vault.house_keys',
  );
  if (!opensVault(key, houseKeys)) throw new CommandError('the master key here is not the one of this vault');
  return Buffer.from(`${JSON.stringify(await wrapMasterKey(key, passphrase))}\n`);
}

const ask = <Row extends pg.QueryResultRow>({ app }: Databases, sql: string): Promise<Row[]> =>
  withClient(app, async (client) => (await client.query<Row>(sql)).rows);
