import path from 'node:path';
import { startEmbeddedPostgres } from '#libs/embedded';
import { compiled, inScratch, type Campaign } from '../campaign.js';
import { killProcesses } from './processes.js';

export const campaign: Campaign = {
  name: 'processes',
  counts: 'kills of two api and two worker processes in turn, under load',
  byDefault: 80,
  run: ({ count, seed, onProgress }) =>
    inScratch('processes', async (dir) => {
      const postgres = await startEmbeddedPostgres({ home: path.join(dir, 'postgres') });
      try {
        return await killProcesses({
          kills: count,
          seed,
          dir,
          database: { owner: postgres.config('qadaga', 'owner'), app: postgres.config('qadaga', 'app') },
          programOf: (app) => [compiled('programs', `${app}.js`)],
          patienceMs: 5_000,
          onProgress,
        });
      } finally {
        await postgres.stop();
      }
    }),
};
