import { spawn } from 'node:child_process';
import type { Campaign, CampaignOutcome } from '../campaign.js';
import { compiled } from '../campaign.js';
import { runDates } from './dates.js';

/** A process has one zone for good, so each zone gets a process. */
const zones = ['UTC', 'Asia/Almaty', 'America/New_York'] as const;

export const campaign: Campaign = {
  name: 'dates',
  counts: 'generated dates in each of three zones',
  byDefault: 200_000,
  async run({ count, seed, flags, onProgress }) {
    if (flags.has('in-this-zone')) {
      const { findings, ...counts } = await runDates({ count, seed });
      return { findings, counts };
    }
    const findings: string[] = [];
    const counts: { [zone: string]: unknown } = {};
    for (const [n, zone] of zones.entries()) {
      onProgress(n, zones.length, zone);
      const outcome = await inZone(zone, count, seed);
      findings.push(...outcome.findings.map((finding) => `${zone}: ${finding}`));
      if (outcome.counts['zone'] !== zone)
        findings.push(`${zone}: the process ran in ${String(outcome.counts['zone'])}`);
      counts[zone] = outcome.counts;
    }
    return { findings, counts };
  },
};

function inZone(zone: string, count: number, seed: number): Promise<CampaignOutcome> {
  const program = compiled('test', 'campaigns', 'main.js');
  const args = [program, 'dates', '--count', String(count), '--seed', String(seed), '--in-this-zone'];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, TZ: zone },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      try {
        resolve(JSON.parse(text) as CampaignOutcome);
      } catch {
        reject(new Error(`the process in ${zone} ended with ${code} and said: ${text.slice(0, 200)}`));
      }
    });
  });
}
