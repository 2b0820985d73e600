import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { sharedTestPostgres } from '../../../libs/embedded/testing.js';
import { fromSources } from '../../support/deployment.js';
import { killProcesses } from './processes.js';

it('nothing is lost and nothing doubled when an api or a worker is killed', async () => {
  const database = await (await sharedTestPostgres()).createDatabase();
  const dir = mkdtempSync(path.join(os.tmpdir(), 'qadaga-processes-'));
  try {
    const { findings, counts } = await killProcesses({ kills: 4, seed: 384, dir, database, programOf: fromSources });
    expect(findings).toEqual([]);
    expect(counts).toMatchObject({ kills: { api: 2, worker: 2 } });
  } finally {
    await database.drop();
    rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);
