import path from 'node:path';
import { openHouse } from '#libs/assembly';
import { loadConfig } from '#libs/platform';
import { drawer, inScratch, type Campaign, type CampaignOutcome } from '../campaign.js';
import { judged, repeated, settled, type Open } from '../filing-judges.js';
import { Load } from '../filing-load.js';
import { keysOf } from '../../support/deployment.js';
import { freePort } from '../../support/free-port.js';
import { ServerProcess } from '../server-process.js';

const operatorBin = '940140000385';
const senders = 6;

export const campaign: Campaign = {
  name: 'kills',
  counts: 'kills at random moments under load',
  byDefault: 100,
  run: ({ count, seed, onProgress }) => inScratch('kills', (dir) => killing(dir, count, seed, onProgress)),
};

async function killing(
  dir: string,
  kills: number,
  seed: number,
  onProgress: (done: number, of: number, what?: string) => void,
): Promise<CampaignOutcome> {
  const home = path.join(dir, 'home');
  const draw = drawer(seed);
  const server = new ServerProcess(home, await freePort());
  const findings: string[] = [];
  const done = { process: 0, postgres: 0, restart: 0 };
  const starts: number[] = [];
  const said: string[] = [];
  try {
    starts.push(await server.start());
    const load = new Load([server.url], keysOf(home)['operator']!, operatorBin, seed);
    await load.begin(senders);
    for (let n = 0; n < kills && findings.length === 0 && load.faults.length === 0; n++) {
      await new Promise((resolve) => setTimeout(resolve, 100 + draw(2500)));
      const what = n % 10 === 4 ? 'postgres' : n % 10 === 9 ? 'restart' : 'process';
      onProgress(n, kills, `${what}, ${load.ledger.length} commands`);
      done[what] += 1;
      const errors = load.internalErrors.length;
      try {
        if (what === 'process') {
          await server.kill();
          starts.push(await server.start());
        } else {
          await server.endPostgres(what === 'postgres' ? 'SIGKILL' : 'SIGINT');
          await server.untilReady(60_000);
        }
        if (load.internalErrors.length > errors) said.push(`${load.internalErrors.at(-1)}; it said: ${server.words}`);
      } catch (error) {
        findings.push(`after kill ${n} (${what}): ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (findings.length === 0) await load.end();
    else load.abandon();
    findings.push(...load.faults);
    const stopped = findings.length > 0;
    if (load.internalErrors.length > 0)
      findings.push(`${load.internalErrors.length} answers were 500: ${said[0] ?? load.internalErrors[0]}`);
    if (stopped) return { findings, counts: { ...done, commands: load.ledger.length } };

    findings.push(...(await repeated(load, draw)));
    const open: Open = (projector) => openHouse(loadConfig({ QADAGA_HOME: home }), { projector });
    const notices = await settled(open, load.ledger, findings);
    const code = await server.stop();
    if (code !== 0) findings.push(`the server ended with ${code} when asked to: ${server.words}`);
    const checked = await judged(open, load.ledger, findings);
    starts.sort((a, b) => a - b);
    return {
      findings,
      counts: {
        kills: done,
        commands: load.ledger.length,
        askedAgain: load.ledger.filter(({ attempts }) => attempts > 1).length,
        notices,
        ...checked,
        readyAgainMs: { median: Math.round(starts[starts.length >> 1]!), worst: Math.round(starts.at(-1)!) },
      },
    };
  } finally {
    await server.kill();
  }
}
