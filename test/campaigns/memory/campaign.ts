import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inScratch, type Campaign, type CampaignOptions, type CampaignOutcome } from '../campaign.js';
import { qadaga, writeJournal } from '../journal-command.js';

/** A journal of a million rows, of which a program that kept each of them would want some gigabytes more at its end. */
export const campaign: Campaign = {
  name: 'memory',
  counts: 'centres in a generated journal, seven rows each',
  byDefault: 142_000,
  run: (options) => inScratch('memory', (dir) => measure(dir, options)),
};

const everyMs = 1_000;
/** A shorter run is only just warm in its second quarter. */
const enoughSamples = 120;
/** How much more than in the second quarter a run may hold in its last. */
const growth = 1.3;
const mostMb = 2_000;

async function measure(dir: string, { count, seed, onProgress }: CampaignOptions): Promise<CampaignOutcome> {
  const journal = path.join(dir, 'journal.csv');
  const home = path.join(dir, 'home');
  const findings: string[] = [];
  const rows = await writeJournal(journal, count, seed);
  const counts: { [what: string]: unknown } = { rows };
  const taken: string[] = [];
  const steps = { dryRun: ['--dry-run'], import: [], again: [] } as const;
  for (const [n, [step, flags]] of Object.entries(steps).entries()) {
    onProgress(n, 3, step);
    const began = performance.now();
    const samples: number[] = [];
    let timer: NodeJS.Timeout | undefined;
    const { code, text } = await qadaga(home, ['import', journal, '--rules', 'kz-384-2020', ...flags], (pid) => {
      timer = setInterval(() => samples.push(...residentMb(pid)), everyMs);
    });
    clearInterval(timer);
    const said = new RegExp(`^${rows} rows: (\\d+) accepted(?: \\((\\d+) were on record already\\))?`, 'm').exec(text);
    // 1: the journal has rows that are wrong.
    if (code !== 1 || !said) findings.push(`${step} ended with ${code}: ${text.slice(-1000)}`);
    else taken.push(said[1]!);
    if (step === 'again' && said?.[2] !== said?.[1])
      findings.push(`of ${said?.[1]} rows only ${said?.[2]} were on record when they came again`);
    const [early, late] = [medianOf(samples, 0.25, 0.5), medianOf(samples, 0.75, 1)];
    const most = Math.max(...samples);
    counts[step] = {
      seconds: Math.round((performance.now() - began) / 1000),
      secondQuarterMb: early,
      lastQuarterMb: late,
      mostMb: most,
    };
    if (samples.length >= enoughSamples && late > early * growth)
      findings.push(`${step} held ${early} MB in its second quarter and ${late} MB in its last`);
    if (most > mostMb) findings.push(`${step} held ${most} MB`);
  }
  if (new Set(taken).size !== 1) findings.push(`accepted rows: ${taken.join(', ')}`);
  return { findings, counts: { ...counts, accepted: Number(taken[0]) } };
}

/** Resident memory of a process, as Linux tells it; none when it has just ended. */
function residentMb(pid: number): number[] {
  try {
    const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kb === undefined ? [] : [Math.round(Number(kb) / 1024)];
  } catch {
    return [];
  }
}

function medianOf(samples: readonly number[], from: number, to: number): number {
  const part = samples.slice(samples.length * from, samples.length * to).sort((a, b) => a - b);
  return part[part.length >> 1] ?? 0;
}
