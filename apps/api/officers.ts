import type { AccountEntry, Identity } from '#libs/identity';
import { refuse } from './faults.js';

/** Those who work on cases. */
export class Officers {
  constructor(private readonly identity: Pick<Identity, 'listAccounts'>) {}

  list(): Promise<readonly AccountEntry[]> {
    return this.identity.listAccounts(['case-officer', 'senior-officer']);
  }

  /** @throws RejectedError when a case cannot be given to this account. */
  async check(accountId: string, pointer: string): Promise<void> {
    const officers = await this.list();
    if (!officers.some((one) => one.accountId === accountId))
      throw refuse('refused', 'officer-unknown', 'there is no such officer, or all its keys were revoked', [
        { pointer, code: 'unknown', message: 'is the account of no officer' },
      ]);
  }
}
