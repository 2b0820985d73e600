import path from 'node:path';
import { startEmbeddedPostgres } from '#libs/embedded';
import { findRedisServer } from '../../../libs/jobs/test-support/redis-server.js';
import { networkFaults } from '../../support/network-proxy.js';
import { compiled, inScratch, type Campaign } from '../campaign.js';
import { disturbNetwork, links } from './network.js';

export const campaign: Campaign = {
  name: 'network',
  counts: 'times each of seven faults came over each of four links, under load',
  byDefault: 20,
  run: ({ count, seed, onProgress }) =>
    inScratch('network', async (dir) => {
      if (!findRedisServer()) throw new Error('there is no redis-server on the PATH');
      const done = new Map<string, number>();
      // A house for each link, all at once.
      const outcomes = await Promise.all(
        links.map(async (link) => {
          const postgres = await startEmbeddedPostgres({ home: path.join(dir, `postgres-${link}`) });
          try {
            const database = { owner: postgres.config('qadaga', 'owner'), app: postgres.config('qadaga', 'app') };
            return await disturbNetwork({
              link,
              rounds: count,
              seed,
              dir,
              database,
              programOf: (app) => [compiled('programs', `${app}.js`)],
              onProgress: (n, what) => {
                done.set(link, n);
                const all = [...done.values()].reduce((sum, one) => sum + one, 0);
                onProgress(all, count * networkFaults.length * links.length, what);
              },
            });
          } finally {
            await postgres.stop();
          }
        }),
      );
      return {
        findings: outcomes.flatMap(({ findings }) => findings),
        counts: Object.fromEntries(links.map((link, n) => [link, outcomes[n]!.counts])),
      };
    }),
};
