import type { Metadata } from '@grpc/grpc-js';
import type { ServerLog } from './log.js';

export interface User {
  readonly password: string;
  readonly groups: readonly string[];
}

/** Who may do what: as on the server nobody is asked without TLS, and stream metadata name the roles. */
export class Access {
  readonly #users: Readonly<Record<string, User>> | undefined;

  /** @param users by login name; undefined: an insecure server, where access rules are switched off. */
  constructor(users: Readonly<Record<string, User>> | undefined) {
    this.#users = users;
  }

  mayRead(log: ServerLog, metadata: Metadata, stream: string): boolean {
    // $all is for administrators unless its access control list says otherwise; so is every system stream.
    return this.#may(log, metadata, stream, '$r', stream.startsWith('$') ? ['$admins'] : ['$all']);
  }

  mayWrite(log: ServerLog, metadata: Metadata, stream: string): boolean {
    return this.#may(log, metadata, stream, '$w', stream.startsWith('$') ? ['$admins'] : ['$all']);
  }

  #may(log: ServerLog, metadata: Metadata, stream: string, right: '$r' | '$w', byDefault: readonly string[]): boolean {
    if (this.#users === undefined) return true;
    const roles = this.#rolesOf(metadata);
    if (roles === undefined) return false;
    if (roles.includes('$admins')) return true;
    const listed = log.metadataOf(stream).$acl?.[right];
    const wanted = listed === undefined ? byDefault : typeof listed === 'string' ? [listed] : listed;
    return wanted.some((role) => role === '$all' || roles.includes(role));
  }

  #rolesOf(metadata: Metadata): readonly string[] | undefined {
    const [header] = metadata.get('authorization');
    const [scheme, token = ''] = String(header ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'basic') return undefined;
    const [name = '', password] = Buffer.from(token, 'base64').toString('utf8').split(':');
    const user = this.#users?.[name];
    return user?.password === password && user !== undefined ? [name, ...user.groups] : undefined;
  }
}
