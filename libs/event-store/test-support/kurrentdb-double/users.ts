import { status, type Metadata, type sendUnaryData, type ServiceError } from '@grpc/grpc-js';
import type { IUsersServer } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js';
import usersPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_pb.js';
import type { Access } from './access.js';
import { deniedError, serverError } from './messages.js';

const notFoundError = (name: string) => serverError(status.NOT_FOUND, 'user-not-found', { 'login-name': name });
const conflictError = (name: string) =>
  serverError(status.FAILED_PRECONDITION, 'user-conflict', { 'login-name': name });

/** Accounts, which administrators manage; everybody may look at their own. */
export function usersService(access: Access): IUsersServer {
  const isAdministrator = (metadata: Metadata) => access.rolesOf(metadata)?.includes('$admins') ?? false;
  /** Does what an administrator asks for an account that must be there, or must not. */
  const manage = <T>(
    metadata: Metadata,
    name: string,
    isThere: boolean,
    answer: sendUnaryData<T>,
    act: () => T,
  ): void => {
    const fault = !isAdministrator(metadata)
      ? deniedError()
      : access.users.has(name) === isThere
        ? undefined
        : isThere
          ? notFoundError(name)
          : conflictError(name);
    if (fault) answer(fault as ServiceError);
    else answer(null, act());
  };
  const change = (name: string, changes: { password?: string; groups?: readonly string[] }) =>
    void access.users.set(name, { ...access.users.get(name)!, ...changes });
  const notServed: IUsersServer['enable'] = (_, answer) => answer({ code: status.UNIMPLEMENTED });
  return {
    create: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      const name = options.getLoginName();
      manage(metadata, name, false, answer, () => {
        access.users.set(name, { password: options.getPassword(), groups: options.getGroupsList() });
        return new usersPb.CreateResp();
      });
    },
    update: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      const name = options.getLoginName();
      manage(metadata, name, true, answer, () => {
        change(name, { groups: options.getGroupsList() });
        return new usersPb.UpdateResp();
      });
    },
    resetPassword: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      const name = options.getLoginName();
      manage(metadata, name, true, answer, () => {
        change(name, { password: options.getNewPassword() });
        return new usersPb.ResetPasswordResp();
      });
    },
    details: (call) => {
      const name = call.request.getOptions()!.getLoginName();
      const user = access.users.get(name);
      const isOwn = access.rolesOf(call.metadata)?.[0] === name;
      if (!isOwn && !isAdministrator(call.metadata)) return void call.emit('error', deniedError());
      if (user === undefined) return void call.emit('error', notFoundError(name));
      const details = new usersPb.DetailsResp.UserDetails().setLoginName(name).setGroupsList([...user.groups]);
      call.write(new usersPb.DetailsResp().setUserDetails(details));
      call.end();
    },
    enable: notServed,
    disable: notServed,
    delete: notServed,
    changePassword: notServed,
  };
}
