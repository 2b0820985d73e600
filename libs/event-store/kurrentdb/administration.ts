import { setTimeout as wait } from 'node:timers/promises';
import { status, type CallOptions, type Client, type Metadata } from '@grpc/grpc-js';
import { BACKWARDS, END, jsonEvent, KurrentDBClient, StreamNotFoundError } from '@kurrent/kurrentdb-client';
import usersGrpc, {
  type UsersClient,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js';
import usersPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_pb.js';
import { within } from './connection.js';
import {
  connectionStringOf,
  findLogin,
  KurrentAddressError,
  type KurrentAddress,
  type Login,
} from './connection-string.js';

/** What a server says of itself and of the account that asks. */
export interface KurrentServer {
  readonly version: string;
  /** Undefined on a server without accounts. */
  readonly account?: { readonly name: string; readonly groups: readonly string[] };
}

export interface KurrentPreparation {
  /** With the file of the service account that is to be. */
  readonly address: KurrentAddress & { readonly credentialsFile: string };
  /** A file with an administrator's `user:password`. */
  readonly administratorFile: string;
  /** How long to wait for a server that is only just starting. Default 60 s. */
  readonly patienceMs?: number;
}

/** Our group. Its members add facts and read them, and can take nothing away. */
const group = 'qadaga';

const ofAll = {
  readRoles: ['$admins', group],
  writeRoles: ['$admins'],
  deleteRoles: ['$admins'],
  metaReadRoles: ['$admins'],
  metaWriteRoles: ['$admins'],
};
const byDefault = {
  $userStreamAcl: { $r: group, $w: group, $d: '$admins', $mr: '$admins', $mw: '$admins' },
  $systemStreamAcl: { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' },
};

const attemptMs = 5_000;

/** How client 1.3.1 makes its own calls: on the node that it found, which of a cluster is the leader, as who it is. */
interface Inside {
  readonly capabilities: Promise<{ readonly serverVersion: string }>;
  execute<C extends Client, T>(
    client: abstract new (...given: never[]) => C,
    name: string,
    act: (client: C) => Promise<T>,
  ): Promise<T>;
  callArguments(options: object): [Metadata, CallOptions];
}

/** @throws KurrentAddressError, or Error when there is no answer */
export async function askKurrentServer(address: KurrentAddress): Promise<KurrentServer> {
  const client = KurrentDBClient.connectionString(connectionStringOf(address));
  const inside = client as unknown as Inside;
  try {
    const { serverVersion: version } = await within(attemptMs, inside.capabilities);
    if (address.credentialsFile === undefined) return { version };
    const { user: name } = loginOf(address.credentialsFile);
    return { version, account: { name, groups: (await groupsOf(inside, name)) ?? [] } };
  } finally {
    await client.dispose();
  }
}

/**
 * Makes the service account, outside `$admins`, and says who may read and write: the recipe of README.md. What is as it
 * should be is left alone, so doing it again changes nothing.
 * @returns what was done, in words
 * @throws KurrentAddressError, or the last failure when patience ends
 */
export async function prepareKurrentServer(preparation: KurrentPreparation): Promise<readonly string[]> {
  const { address, administratorFile, patienceMs = 60_000 } = preparation;
  const login = loginOf(address.credentialsFile);
  const connectionString = connectionStringOf({ url: address.url, credentialsFile: administratorFile });
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const administrator = KurrentDBClient.connectionString(connectionString);
    try {
      const done = [await keepAccount(administrator, address, login)];
      done.push(...(await keepRules(administrator)));
      return done.filter((words) => words !== undefined);
    } catch (error) {
      // A server that is starting may know nobody yet, its administrator included.
      if (Date.now() >= deadline) throw error;
      await wait(1_000);
    } finally {
      await administrator.dispose();
    }
  }
}

function loginOf(file: string): Login {
  const login = findLogin(file);
  if (typeof login === 'string') throw new KurrentAddressError([login]);
  return login;
}

async function keepAccount(
  administrator: KurrentDBClient,
  address: KurrentPreparation['address'],
  { user, password }: Login,
): Promise<string | undefined> {
  const inside = administrator as unknown as Inside;
  const groups = await groupsOf(inside, user);
  if (groups === undefined) {
    const options = new usersPb.CreateReq.Options().setLoginName(user).setFullName('Qadaga').setPassword(password);
    await manage(inside, 'create', new usersPb.CreateReq().setOptions(options.setGroupsList([group])));
    return `made the account ${user}`;
  }
  const isMember = groups.length === 1 && groups[0] === group;
  if (!isMember) {
    const options = new usersPb.UpdateReq.Options().setLoginName(user).setFullName('Qadaga').setGroupsList([group]);
    await manage(inside, 'update', new usersPb.UpdateReq().setOptions(options));
  }
  const isKnown = await askKurrentServer(address).then(
    () => true,
    (error: unknown) => {
      if (codeOf(error) === status.PERMISSION_DENIED || codeOf(error) === status.UNAUTHENTICATED) return false;
      throw error;
    },
  );
  if (!isKnown) {
    const options = new usersPb.ResetPasswordReq.Options().setLoginName(user).setNewPassword(password);
    await manage(inside, 'resetPassword', new usersPb.ResetPasswordReq().setOptions(options));
  }
  return isMember && isKnown ? undefined : `set the account ${user} right`;
}

async function keepRules(administrator: KurrentDBClient): Promise<readonly (string | undefined)[]> {
  const done: string[] = [];
  const { metadata } = await within(attemptMs, administrator.getStreamMetadata('$all'));
  if (!isSame(metadata?.acl, ofAll)) {
    await within(attemptMs, administrator.setStreamMetadata('$all', { ...metadata, acl: ofAll }));
    done.push(`let ${group} read the whole log`);
  }
  if (!isSame(await within(attemptMs, lastSettings(administrator)), byDefault)) {
    const event = jsonEvent({ type: 'update-default-acl', data: byDefault });
    await within(attemptMs, administrator.appendToStream('$settings', event));
    done.push(`let ${group} read and add to our streams, and nobody but administrators remove`);
  }
  return done;
}

async function lastSettings(administrator: KurrentDBClient): Promise<unknown> {
  try {
    const events = administrator.readStream('$settings', { direction: BACKWARDS, fromRevision: END });
    for await (const { event } of events) if (event?.type === 'update-default-acl') return event.data;
  } catch (error) {
    if (!(error instanceof StreamNotFoundError)) throw error;
  }
  return undefined;
}

/** Whatever the order of names in them, and whether one role stands alone or in a list. */
function isSame(one: unknown, other: unknown): boolean {
  const plain = (_: string, value: unknown): unknown =>
    Array.isArray(value)
      ? value.length === 1
        ? value[0]
        : value
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value;
  return JSON.stringify(one, plain) === JSON.stringify(other, plain);
}

/** @returns undefined when there is no such account */
async function groupsOf(inside: Inside, name: string): Promise<readonly string[] | undefined> {
  const request = new usersPb.DetailsReq().setOptions(new usersPb.DetailsReq.Options().setLoginName(name));
  const asked = inside.execute(usersGrpc.UsersClient, 'details', async (client: UsersClient) => {
    const answers = client.details(request, ...inside.callArguments({})) as AsyncIterable<usersPb.DetailsResp>;
    for await (const answer of answers) return answer.getUserDetails()!.getGroupsList();
    return undefined;
  });
  try {
    return await within(attemptMs, asked);
  } catch (error) {
    if (codeOf(error) === status.NOT_FOUND) return undefined;
    throw error;
  }
}

type Managing = 'create' | 'update' | 'resetPassword';
type RequestOf<M extends Managing> = Parameters<UsersClient[M]>[0];

function manage<M extends Managing>(inside: Inside, method: M, request: RequestOf<M>): Promise<void> {
  const asked = inside.execute(
    usersGrpc.UsersClient,
    method,
    (client: UsersClient) =>
      new Promise<void>((resolve, reject) => {
        const call = client[method].bind(client) as (
          request: RequestOf<M>,
          metadata: Metadata,
          options: CallOptions,
          answer: (error: Error | null) => void,
        ) => void;
        call(request, ...inside.callArguments({}), (error) => (error === null ? resolve() : reject(error)));
      }),
  );
  return within(attemptMs, asked);
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
