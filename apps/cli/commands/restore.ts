import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { migrateSchema, openDatabases, openHouse, openLog, simulatedClockFile, skipNumbers } from '#libs/assembly';
import {
  ArchiveFaultError,
  checkArchive,
  linesOf,
  NotEmptyError,
  partsOf,
  restoreBackup,
  type CheckedArchive,
} from '#libs/backup';
import { sealedFiles } from '#libs/documents';
import { LogsDifferError } from '#libs/event-store';
import { loadConfig, type Config } from '#libs/platform';
import {
  findMasterKey,
  installMasterKey,
  opensVault,
  unwrapMasterKey,
  type KeptMasterKey,
  type MasterKey,
} from '#libs/sealing';
import { CommandError } from '../command-error.js';
import { ownerOf } from '../owner-of.js';
import { progressBar } from '../progress.js';
import { clockPart, masterKeyPart, readPassphrase } from './backup.js';

export interface RestoreFlags {
  readonly masterKey?: string;
  readonly passphraseFile?: string;
}

/** `qadaga restore FILE`: into an empty home or database only; broken off, it is run again and goes on. */
export async function restoreCommand(file: string, flags: RestoreFlags): Promise<number> {
  const archive = await checkOrSay(path.resolve(file));
  const config = loadConfig();
  const key = await masterKeyFor(archive, config, flags);
  makeHome(config.home);
  await putBack(archive, config, key);
  const { facts, documents, lostDocuments } = archive.manifest;
  await rebuild(config);
  process.stdout.write(
    `${facts.count} facts and ${documents} documents are back, SHA-256 ${facts.sha256}; all read models were made anew\n`,
  );
  for (const address of lostDocuments) process.stderr.write(`the document ${address} was lost before the backup\n`);
  return 0;
}

async function checkOrSay(file: string): Promise<CheckedArchive> {
  const bar = progressBar('checking');
  try {
    const { size } = statSync(file, { throwIfNoEntry: false }) ?? {};
    if (size === undefined) throw new CommandError(`there is no file ${file}`, 2);
    return await checkArchive(file, (read) => bar.update(read, size));
  } catch (error) {
    if (error instanceof ArchiveFaultError)
      throw new CommandError(`the backup cannot be used: ${error.message}\nNothing was written.`);
    throw error;
  } finally {
    bar.stop();
  }
}

async function putBack(archive: CheckedArchive, config: Config, key: MasterKey): Promise<void> {
  const { home, masterKeyFile } = config;
  const { createdAt } = archive.manifest;
  const databases = await openDatabases(config);
  const bar = progressBar('facts');
  try {
    const owner = ownerOf(databases);
    await migrateSchema(owner, databases.appRole);
    const store = await openLog(config, databases);
    try {
      await restoreBackup(archive, {
        store,
        owner,
        appRole: databases.appRole,
        documents: sealedFiles(path.join(home, 'documents')),
        withTables: (client) => skipNumbers(client, new Date(createdAt).getUTCFullYear(), new Date().getUTCFullYear()),
        beforeEnd: async () => {
          installMasterKey({ home, ...(masterKeyFile === undefined ? {} : { file: masterKeyFile }) }, key);
          for await (const { bytes } of partsOf(archive, clockPart))
            writeFileSync(simulatedClockFile(home), bytes, { mode: 0o600 });
        },
        onProgress: (done, total) => bar.update(done, total, `${done} facts`),
      });
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof NotEmptyError)
      throw new CommandError(`a restore needs an empty home: ${error.message} (QADAGA_HOME names another)`);
    if (error instanceof ArchiveFaultError || error instanceof LogsDifferError) throw new CommandError(error.message);
    throw error;
  } finally {
    bar.stop();
    await databases.stop();
  }
}

async function rebuild(config: Config): Promise<void> {
  const opened = await openHouse(config, { projector: false });
  const bar = progressBar('read models');
  try {
    await opened.readModels.rebuild({ onProgress: ({ done, total }) => bar.update(done, total) });
  } finally {
    bar.stop();
    await opened.close();
  }
}

/** PostgreSQL may run under another account than ours and has to reach its folder in a fresh home. */
function makeHome(home: string): void {
  if (existsSync(home)) return;
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o711);
}

/** The one key that opens this backup's vault: out of the backup, from a file, or already in its place. */
async function masterKeyFor(archive: CheckedArchive, config: Config, flags: RestoreFlags): Promise<MasterKey> {
  const { home, masterKeyFile } = config;
  const key =
    flags.masterKey !== undefined
      ? findMasterKey({ home, file: path.resolve(flags.masterKey) })
      : flags.passphraseFile !== undefined
        ? await keyInside(archive, readPassphrase(flags.passphraseFile))
        : findMasterKey({ home, ...(masterKeyFile === undefined ? {} : { file: masterKeyFile }) });
  if (key === undefined)
    throw new CommandError(
      archive.manifest.masterKey
        ? 'the master key is in the backup under a passphrase: say --passphrase-file FILE, or --master-key FILE'
        : 'the master key is not in the backup: say where its copy is, --master-key FILE',
      2,
    );
  const houseKeys: { readonly name: string; readonly wrapped: string }[] = [];
  for await (const { bytes } of partsOf(archive, 'tables/vault.house_keys/'))
    for (const line of linesOf(bytes)) houseKeys.push(JSON.parse(line) as (typeof houseKeys)[number]);
  if (!opensVault(key, houseKeys))
    throw new CommandError('this master key does not open the vault of this backup: it belongs to another house', 2);
  return key;
}

async function keyInside(archive: CheckedArchive, passphrase: string): Promise<MasterKey> {
  for await (const { bytes } of partsOf(archive, masterKeyPart)) {
    const key = await unwrapMasterKey(JSON.parse(bytes.toString('utf8')) as KeptMasterKey, passphrase);
    if (key !== undefined) return key;
    throw new CommandError('this is not the passphrase of the master key in the backup', 2);
  }
  throw new CommandError('the backup holds no master key: say where its copy is, --master-key FILE', 2);
}
