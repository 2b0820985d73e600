import { chmodSync, mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startServer } from '#apps/standalone';
import { SimulatedClock } from '#libs/assembly';
import { createLogger, createShutdown, loadConfig, projectRoot } from '#libs/platform';
import { rememberDemo } from './demo-clock.js';
import { replayInto } from './replay.js';

/** The rule set without an end: so that the clock, advanced, brings new quarters to watch. */
const demoRules = 'kz-384-open';

/** `npm run demo`: the sample lived in a fresh temporary home, then the server on the clock that goes on from its end. */
export async function demoCommand(): Promise<number> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'qadaga-demo-'));
  // PostgreSQL may run under another account than ours and has to reach its folder in here.
  chmodSync(home, 0o711);
  const config = loadConfig({
    PORT: '3000',
    QADAGA_SWEEP_SECONDS: '2',
    QADAGA_LOG_LEVEL: 'warn',
    ...process.env,
    QADAGA_HOME: home,
    QADAGA_RULES: demoRules,
  });
  process.stderr.write(`living the sample journal in ${home} …\n`);
  const lived = await replayInto(config, path.join(projectRoot(), 'test/support/sample/journal.csv'), demoRules);
  SimulatedClock.create(home, lived.endedAt);
  rememberDemo(home);
  const logger = createLogger({ level: config.logLevel });
  const server = await startServer(config, { logger });
  const shutdown = createShutdown(logger);
  shutdown.onShutdown('server', () => server.close());
  shutdown.listen();
  process.stdout.write(`
${lived.rows} filings were lived, ${lived.from} to ${lived.until}. Qadaga serves on ${server.url}; its clock shows ${server.opened.clock.now()}.

The keys, one per role:     ${path.join(home, 'api-keys.txt')}
In another terminal:        KEY=$(awk '$1=="case-officer"{print $2}' ${path.join(home, 'api-keys.txt')})
  who is late:              curl -s -H "X-Api-Key: $KEY" '${server.url}/api/v1/obligations?status=overdue&limit=5'
  alerts that were raised:  curl -s -H "X-Api-Key: $KEY" '${server.url}/api/v1/alerts?limit=5'
  notices that left:        curl -s -H "X-Api-Key: $KEY" '${server.url}/api/v1/notices?limit=5'
  the API to read:          ${server.url}/api/docs   (any name, a key as the password)
  five days later:          npm run qadaga -- demo-clock advance 5d
  a new quarter's duties:   npm run qadaga -- demo-clock advance 60d   then look at the alerts again
Stop it with ctrl-C; the home stays until you remove it.
`);
  return new Promise(() => {});
}
