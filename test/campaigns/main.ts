import { parseArgs } from 'node:util';
import { defaultSeed, keepResult, type Campaign, type CampaignOptions } from './campaign.js';

/** Loaded when asked for: most need more than the one before. */
const campaigns: { readonly [name: string]: () => Promise<{ readonly campaign: Campaign }> } = {
  dates: () => import('./dates/campaign.js'),
  decider: () => import('./decider/campaign.js'),
  writers: () => import('./writers/campaign.js'),
  processes: () => import('./processes/campaign.js'),
  network: () => import('./network/campaign.js'),
  kills: () => import('./kills/campaign.js'),
  journals: () => import('./journals/campaign.js'),
  memory: () => import('./memory/campaign.js'),
  'api-fuzz': () => import('./api-fuzz/campaign.js'),
};

const usage = `npm run campaign -- NAME [--count N] [--seed S] [--replay] [--keep-nothing]
NAME is one of ${Object.keys(campaigns).join(', ')}.
Exit code 0: nothing found; 1: findings; 2: not started.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    seed: { type: 'string', default: String(defaultSeed) },
    replay: { type: 'boolean', default: false },
    'keep-nothing': { type: 'boolean', default: false },
    'in-this-zone': { type: 'boolean', default: false },
  },
});
const whole = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : Number.NaN);
const load = campaigns[positionals[0] ?? ''];
const seed = whole(values.seed);

if (load === undefined || positionals.length !== 1 || Number.isNaN(seed)) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 2;
} else {
  const { campaign } = await load();
  const count = values.count === undefined ? campaign.byDefault : whole(values.count);
  if (!(count > 0)) {
    process.stderr.write(`${usage}\n`);
    process.exit(2);
  }
  const flags = new Set((['replay', 'in-this-zone'] as const).filter((flag) => values[flag]));
  const options: CampaignOptions = { count, seed, flags, onProgress: progress() };
  const began = performance.now();
  const outcome = await campaign.run(options);
  const seconds = (performance.now() - began) / 1000;
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  if (flags.has('in-this-zone')) process.stdout.write(JSON.stringify(outcome));
  else {
    if (!values['keep-nothing']) await keepResult(campaign, options, outcome, seconds);
    process.stdout.write(`${campaign.name}: ${count} ${campaign.counts}, seed ${seed}, ${seconds.toFixed(0)} s\n`);
    process.stdout.write(`${JSON.stringify(outcome.counts, null, 2)}\n`);
    for (const finding of outcome.findings) process.stdout.write(`FOUND ${finding}\n`);
    process.stdout.write(`${outcome.findings.length} findings\n`);
  }
  process.exitCode = outcome.findings.length > 0 ? 1 : 0;
}

/** One line that is written over, on a terminal only. */
function progress(): CampaignOptions['onProgress'] {
  if (!process.stderr.isTTY) return () => {};
  let last = 0;
  return (done, of, what = '') => {
    if (Date.now() - last < 100 && done < of) return;
    last = Date.now();
    const filled = Math.round((done / Math.max(1, of)) * 30);
    process.stderr.write(`\r\u001b[K[${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] ${done}/${of} ${what}`);
  };
}
