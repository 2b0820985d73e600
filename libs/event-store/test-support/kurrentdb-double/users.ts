import { status, type Metadata, type sendUnaryData, type ServiceError } from '@grpc/grpc-js';
import type { IUsersServer } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_grpc_pb.js';
import usersPb from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/usermanagement_pb.js';
import type { Access, User } from './access.js';
import { deniedError, serverError } from './messages.js';

const notFoundError = (name: string) => serverError(status.NOT_FOUND, 'user-not-found', { 'login-name': name });
const conflictError = (name: string) =>
  serverError(status.FAILED_PRECONDITION, 'user-conflict', { 'login-name': name });

/** Accounts, which administrators manage; everybody may look at their own. */
export function usersService(access: Access): IUsersServer {
  const isAdministrator = (metadata: Metadata) => access.rolesOf(metadata)?.includes('$admins') ?? false;
  /** Gives an account, which must be there already or must not, what an administrator says of it. */
  const manage = <T>(
    metadata: Metadata,
    name: string,
    isThere: boolean,
    answer: sendUnaryData<T>,
    done: T,
    changes: Partial<User>,
  ): void => {
    const account = access.users.get(name);
    if (!isAdministrator(metadata)) return answer(deniedError() as ServiceError);
    if ((account !== undefined) !== isThere)
      return answer((isThere ? notFoundError(name) : conflictError(name)) as ServiceError);
    access.users.set(name, { password: '', groups: [], ...account, ...changes });
    answer(null, done);
  };
  const notServed: IUsersServer['enable'] = (_, answer) => answer({ code: status.UNIMPLEMENTED });
  return {
    create: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      manage(metadata, options.getLoginName(), false, answer, new usersPb.CreateResp(), {
        password: options.getPassword(),
        groups: options.getGroupsList(),
      });
    },
    update: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      const changes = { groups: options.getGroupsList() };
      manage(metadata, options.getLoginName(), true, answer, new usersPb.UpdateResp(), changes);
    },
    resetPassword: ({ request, metadata }, answer) => {
      const options = request.getOptions()!;
      const changes = { password: options.getNewPassword() };
      manage(metadata, options.getLoginName(), true, answer, new usersPb.ResetPasswordResp(), changes);
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
