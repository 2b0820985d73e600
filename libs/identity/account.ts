import type { Actor, Role } from '#libs/kernel';

/** Who presented a key. `id` is opaque and is all that facts ever hold of it. */
export interface Account {
  readonly id: string;
  readonly keyId: string;
  readonly role: Role;
  /** Of role `operator` only; an operator's account without one may do nothing to any case. */
  readonly operatorBin?: string;
  /** For administrators' lists; not for facts. */
  readonly label: string;
}

/** Keys of operators and of the energy body are mostly their systems'; the others act for a person at the authority. */
export function actorOf(account: Account, kind?: Actor['kind']): Actor {
  const byDefault = account.role === 'operator' || account.role === 'energy-body' ? 'service' : 'person';
  return { kind: kind ?? (account.role === 'system' ? 'system' : byDefault), id: account.id, role: account.role };
}
