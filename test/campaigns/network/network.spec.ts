import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sharedTestPostgres } from '../../../libs/embedded/testing.js';
import { findRedisServer } from '../../../libs/jobs/test-support/redis-server.js';
import { fromSources } from '../../support/deployment.js';
import { disturbNetwork, links, type Link } from './network.js';

const redis = findRedisServer();
if (!redis && process.env.QADAGA_REQUIRE === 'all')
  it('finds redis-server', () => {
    throw new Error('QADAGA_REQUIRE=all, and there is no redis-server on the PATH');
  });

async function disturbed(link: Link): Promise<void> {
  const database = await (await sharedTestPostgres()).createDatabase();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-network-'));
  try {
    const { findings, counts } = await disturbNetwork({
      link,
      rounds: 1,
      seed: 384,
      dir,
      database,
      programOf: fromSources,
    });
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ faults: 7 });
  } finally {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  }
}

const present = links.filter((link) => link !== 'redis' || redis);

it('nothing is lost, doubled or left hanging when the network is bad in seven ways, on the way to each server', async () => {
  await Promise.all(present.map(disturbed));
}, 600_000);

(redis ? describe : describe.skip)('the way to Redis (needs redis-server)', () => {
  it('is tried with the others', () => expect(present).toContain('redis'));
});
