import { isHome, openDatabases, prepareSchema } from '#libs/assembly';
import { findBin } from '#libs/domain';
import { clientRoles, createIdentity, type ClientRole, type Identity, type KeyEntry } from '#libs/identity';
import { findUuid, freeTextFault, RejectedError, type Uuid } from '#libs/kernel';
import { CommandError } from '../command-error.js';
import { configOfExisting } from '../existing-house.js';

/**
 * Whoever may read the home, or the database's password, may change keys: this is how a locked-out administrator gets a
 * key again. In the list such a change is the `command-line`'s; which account of the machine it was, the machine knows.
 */
const by = 'command-line';

export interface IssueFlags {
  readonly role: string;
  readonly bin?: string;
  readonly label: string;
  readonly account?: string;
}

/** `qadaga keys issue`: the key alone on stdout, so that it can be piped to where it is kept; words on stderr. */
export async function issueKeyCommand(flags: IssueFlags): Promise<number> {
  const role = roleOf(flags.role);
  const label = labelOf(flags.label);
  const bin = flags.bin === undefined ? {} : { operatorBin: binOf(flags.bin) };
  const account = flags.account === undefined ? {} : { accountId: idOf(flags.account, 'an account') };
  return withKeys(async (identity) => {
    const { rows } = await identity.listKeys({ limit: 1 });
    const { keyId, accountId, key } = await identity.issueKey({ role, label, ...bin, ...account }, by);
    process.stdout.write(`${key}\n`);
    process.stderr.write(`this is key ${keyId} of account ${accountId}; it is not shown again\n`);
    if (role === 'operator' && (await identity.findKey(keyId))?.operatorBin === null)
      process.stderr.write(`it may do nothing until: qadaga keys bind ${accountId} --bin BIN\n`);
    if (rows.length === 0)
      process.stderr.write('it is the first key here: the first start of the server will make none of its own\n');
  });
}

/** `qadaga keys revoke KEYID`: a server that runs follows within ten seconds. */
export async function revokeKeyCommand(id: string): Promise<number> {
  const keyId = idOf(id, 'a key');
  return withKeys(async (identity) => {
    const { role, label, revokedAt } = await identity.revokeKey(keyId, by);
    process.stdout.write(`key ${keyId} (${role}, ${label}) is revoked as of ${revokedAt}\n`);
    const { rows } = await identity.listKeys({ role: 'administrator', revoked: false, limit: 1 });
    if (rows.length === 0)
      process.stderr.write('no administrator has a key now: qadaga keys issue --role administrator --label …\n');
  });
}

/** `qadaga keys bind ACCOUNTID --bin BIN`: once, with all keys of the account. */
export async function bindKeysCommand(id: string, flags: { readonly bin: string }): Promise<number> {
  const accountId = idOf(id, 'an account');
  const bin = binOf(flags.bin);
  return withKeys(async (identity) => {
    await identity.bindOperator(accountId, bin, by);
    process.stdout.write(`account ${accountId} files for ${bin}\n`);
  });
}

/** `qadaga keys list`: all there are, revoked ones too; never a key or its hash. */
export async function listKeysCommand(flags: { readonly json?: boolean }): Promise<number> {
  return withKeys(async (identity) => {
    const entries = await allKeys(identity);
    process.stdout.write(flags.json ? `${JSON.stringify(entries, null, 2)}\n` : tableOf(entries));
  });
}

/** As the application's user, who may do no more to keys than the API; where the owner is known the tables are prepared. */
async function withKeys(work: (identity: Identity) => Promise<void>): Promise<number> {
  // They stand in the database: on a server they are had before any home is.
  const config = configOfExisting(({ home, database }) => database !== undefined || isHome(home));
  const databases = await openDatabases(config);
  try {
    await prepareSchema(databases);
    const identity = createIdentity({ config: databases.app });
    try {
      await work(identity);
    } finally {
      await identity.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof RejectedError) throw new CommandError(error.rejection.message);
    throw error;
  } finally {
    await databases.stop();
  }
}

async function allKeys(identity: Identity): Promise<readonly KeyEntry[]> {
  const entries: KeyEntry[] = [];
  let cursor: string | undefined;
  do {
    const { rows, next } = await identity.listKeys({ limit: 1_000, cursor });
    entries.push(...rows);
    cursor = next;
  } while (cursor !== undefined);
  return entries;
}

const columns: readonly (readonly [head: string, cell: (entry: KeyEntry) => string | null])[] = [
  ['key', ({ keyId }) => keyId],
  ['account', ({ accountId }) => accountId],
  ['role', ({ role }) => role],
  ['BIN', ({ operatorBin }) => operatorBin],
  ['issued', ({ createdAt }) => createdAt.slice(0, 10)],
  ['last used', ({ lastUsedOn }) => lastUsedOn],
  ['revoked', ({ revokedAt }) => revokedAt?.slice(0, 10) ?? null],
  ['label', ({ label }) => label],
];

function tableOf(entries: readonly KeyEntry[]): string {
  const lines = [columns.map(([head]) => head), ...entries.map((one) => columns.map(([, cell]) => cell(one) ?? '-'))];
  const widths = columns.map((_, n) => Math.max(...lines.map((line) => line[n]!.length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, n) => cell.padEnd(widths[n]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function roleOf(text: string): ClientRole {
  const role = clientRoles.find((one) => one === text);
  if (role === undefined) throw new CommandError(`there is no role ${text}; there are ${clientRoles.join(', ')}`, 2);
  return role;
}

/** As the API takes it. */
function labelOf(text: string): string {
  const label = text.normalize('NFC').trim();
  const fault = freeTextFault(label, 100);
  if (fault !== undefined) throw new CommandError(`--label ${fault}`, 2);
  return label;
}

function binOf(text: string): string {
  const bin = findBin(text);
  if (bin === undefined) throw new CommandError(`--bin takes a BIN, and ${text} is none`, 2);
  return bin;
}

function idOf(text: string, what: string): Uuid {
  const id = findUuid(text);
  if (id === undefined) throw new CommandError(`${text} is not the id of ${what}; qadaga keys list names them`, 2);
  return id;
}
