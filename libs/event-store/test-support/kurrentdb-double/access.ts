import type { Metadata } from '@grpc/grpc-js';
import { textOf, type Acl, type ServerLog } from './log.js';

export interface User {
  readonly password: string;
  readonly groups: readonly string[];
}

type Right = keyof Acl;

/** Who may do what: as on the server nobody is asked without TLS, and stream metadata name the roles. */
export class Access {
  /** By login name. */
  readonly users: Map<string, User>;
  readonly #secure: boolean;

  /** @param users by login name; undefined: an insecure server, where access rules are switched off. */
  constructor(users: Readonly<Record<string, User>> | undefined) {
    this.#secure = users !== undefined;
    this.users = new Map(Object.entries(users ?? {}));
  }

  mayRead(log: ServerLog, metadata: Metadata, stream: string): boolean {
    return stream.startsWith('$$')
      ? this.#may(log, metadata, stream.slice(2), '$mr')
      : this.#may(log, metadata, stream, '$r');
  }

  mayWrite(log: ServerLog, metadata: Metadata, stream: string): boolean {
    return stream.startsWith('$$')
      ? this.#may(log, metadata, stream.slice(2), '$mw')
      : this.#may(log, metadata, stream, '$w');
  }

  mayDelete(log: ServerLog, metadata: Metadata, stream: string): boolean {
    return this.#may(log, metadata, stream, '$d');
  }

  /** The login name, which is a role too, and the groups of who asks; undefined when the password is wrong. */
  rolesOf(metadata: Metadata): readonly string[] | undefined {
    const [header] = metadata.get('authorization');
    const [scheme, token = ''] = String(header ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'basic') return undefined;
    const [name = '', password] = Buffer.from(token, 'base64').toString('utf8').split(':');
    const user = this.users.get(name);
    return user?.password === password && user !== undefined ? [name, ...user.groups] : undefined;
  }

  #may(log: ServerLog, metadata: Metadata, stream: string, right: Right): boolean {
    if (!this.#secure) return true;
    const roles = this.rolesOf(metadata);
    if (roles === undefined) return false;
    if (roles.includes('$admins')) return true;
    const listed = log.metadataOf(stream).$acl?.[right] ?? defaultOf(log, stream, right);
    const wanted = typeof listed === 'string' ? [listed] : listed;
    return wanted.some((role) => role === '$all' || roles.includes(role));
  }
}

/** The last word of `$settings`, or what the server begins with: user streams are everybody's. */
function defaultOf(log: ServerLog, stream: string, right: Right): string | readonly string[] {
  const isSystem = stream.startsWith('$');
  const changed = (log.visible('$settings') ?? []).filter(({ type }) => type === 'update-default-acl').at(-1);
  const told = changed === undefined ? {} : (JSON.parse(textOf(changed.data)) as { [key: string]: Acl });
  return told[isSystem ? '$systemStreamAcl' : '$userStreamAcl']?.[right] ?? (isSystem ? '$admins' : '$all');
}
