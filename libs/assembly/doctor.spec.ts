import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { EngineStatus } from '#libs/engine';
import { instant, instantOfMs } from '#libs/kernel';
import { loadConfig } from '#libs/platform';
import { sharedTestPostgres, type TestDatabase } from '../embedded/testing.js';
import { urlOf } from '../../test/support/deployment.js';
import { asJson, examine, openHouse, serverEngine } from './index.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let home: string;
beforeEach(async () => {
  database = await (await sharedTestPostgres()).createDatabase();
  home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-doctor-'));
});
afterEach(async () => {
  await database.drop();
  rmSync(home, { recursive: true });
});

async function examined(more: { readonly [name: string]: string }, change: (real: EngineStatus) => EngineStatus) {
  const opened = await openHouse(
    loadConfig({
      QADAGA_HOME: home,
      QADAGA_DATABASE_URL: urlOf(database.app),
      QADAGA_DATABASE_OWNER_URL: urlOf(database.owner),
      ...more,
    }),
    { projector: true },
  );
  try {
    const { engine, stop } = serverEngine(opened, () => {});
    const status = change(await engine.status());
    await stop();
    return asJson(await examine(opened, status)) as { readonly [name: string]: { state: string; words: string } };
  } finally {
    await opened.close();
  }
}

const swept = { due: 3, missed: 1, alertsRaised: 2, stuckCount: 0 } as EngineStatus['lastSweep'];
const soon = instantOfMs(Date.now() + 600_000);
const status =
  (at: string, nextSweepAt: EngineStatus['nextSweepAt']) =>
  (real: EngineStatus): EngineStatus => ({
    ...real,
    lastSweep: { ...swept!, at: instant(at) },
    nextSweepAt,
    nearestDeadline: { at: instant('2021-04-12T18:00:00Z'), hours: 30.5 },
  });

it('says of each time by which clock it is, where the clock is simulated', async () => {
  const simulated = { QADAGA_SIMULATED_CLOCK: '2021-04-11T11:30:00Z' };
  const found = await examined(simulated, status('2021-04-11T11:30:00Z', soon));
  expect(found['clock']).toEqual({
    state: 'good',
    words: expect.stringMatching(
      /^the real clock says 20[2-9]\d-\S+Z, -?\d+ ms from the database's; the house's is simulated and says 2021-04-11T11:3\d:\S+Z$/,
    ),
  });
  expect(found['sweep']!.words).toBe(
    `last at 2021-04-11T11:30:00.000Z by the simulated clock, 3 due, 1 misses, 2 alerts; next at ${soon} by the real clock`,
  );
  expect(found['nearest legal deadline']!.words).toBe(
    'in 30.5 hours, at 2021-04-12T18:00:00.000Z by the simulated clock',
  );
  // The queue of a server that was stopped still says when it meant to sweep.
  const stopped = await examined(simulated, (real) => ({
    ...status('2021-04-11T11:30:00Z', instant('2021-05-01T00:00:00Z'))(real),
    nearestDeadline: undefined,
  }));
  expect(stopped['sweep']!.words).toMatch(/the next was due at 2021-05-01T00:00:00.000Z by the real clock$/);
  expect(stopped['nearest legal deadline']!.words).toBe('none is ahead by the simulated clock');
});

it('speaks of no other clock where there is only one', async () => {
  const found = await examined({}, status('2021-04-11T11:30:00Z', soon));
  for (const name of ['clock', 'sweep', 'nearest legal deadline'])
    expect(found[name]!.words).not.toMatch(/simulated|real/);
});
