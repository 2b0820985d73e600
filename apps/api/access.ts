import { scopeOf, type Account, type Action } from '#libs/identity';
import { actorOf } from '#libs/identity';
import type { Actor } from '#libs/kernel';
import { refuse } from './faults.js';

export type { Action };

/** Who asks, and for whom: what the policy table leaves of an account for one action. */
export interface Caller {
  readonly account: Account;
  readonly actor: Actor;
  /** Only what belongs to this operator may be seen or done. Without one there is no such bound. */
  readonly operatorBin?: string;
}

/** @throws RejectedError (forbidden) when the policy table gives the account nothing for this action. */
export function callerFor(account: Account, action: Action): Caller {
  const scope = scopeOf(account, action);
  if (scope.kind === 'none') throw refuse('forbidden', 'not-allowed', 'the role of this key may not do that');
  return {
    account,
    actor: actorOf(account),
    ...(scope.kind === 'own' ? { operatorBin: scope.operatorBin } : {}),
  };
}

/**
 * Those who keep the incoming journal say when a paper document came; whoever files for its own legal entity is
 * believed nothing of the kind.
 */
export const mayEnterPaper = ({ operatorBin }: Caller): boolean => operatorBin === undefined;

/** @throws RejectedError (forbidden) when the caller names a legal entity that is not its own. */
export function checkOwn({ operatorBin }: Caller, named: string, pointer: string): void {
  if (operatorBin !== undefined && operatorBin !== named)
    throw refuse('forbidden', 'other-operator', 'an operator does this for its own legal entity only', [
      { pointer, code: 'not-own', message: 'is not the BIN this key belongs to' },
    ]);
}
