import { movePolicies, PoliciesActiveError, policyPosition } from '#libs/engine';
import type { Position } from '#libs/event-store';
import { withClient } from '#libs/postgres';
import { forgetReadModels, ProjectorActiveError } from '#libs/read-models';
import type { DatabaseConfig } from './databases.js';

/** The house is being served; its log cannot be changed under it. */
export class HouseInUseError extends Error {
  override readonly name = 'HouseInUseError';
}

export const performedTo = (owner: DatabaseConfig): Promise<Position | undefined> => withClient(owner, policyPosition);

/**
 * The tables of the house go by another log from now on: read models are emptied, to be made anew, and the policies go on
 * at `performed`, a position of that log.
 * @throws HouseInUseError; then nothing was changed.
 */
export async function takeOver(owner: DatabaseConfig, performed: Position | undefined): Promise<void> {
  await withClient(owner, async (client) => {
    try {
      await client.query('begin');
      await movePolicies(client, performed);
      await forgetReadModels(client);
      await client.query('commit');
    } catch (error) {
      if (error instanceof PoliciesActiveError || error instanceof ProjectorActiveError)
        throw new HouseInUseError('a server of this house is running: stop it first', { cause: error });
      throw error;
    }
  });
}
