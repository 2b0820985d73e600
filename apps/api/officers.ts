import type { AccountEntry, Identity } from '#libs/identity';

/** Those who work on cases. */
export class Officers {
  constructor(private readonly identity: Pick<Identity, 'listAccounts'>) {}

  list(): Promise<readonly AccountEntry[]> {
    return this.identity.listAccounts(['case-officer', 'senior-officer']);
  }

  /** Whether a case can be given to this account. */
  async has(accountId: string): Promise<boolean> {
    return (await this.list()).some((one) => one.accountId === accountId);
  }
}
