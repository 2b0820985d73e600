import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { instantOfMs, msOf } from '#libs/kernel';
import { SimulatedClock } from '#libs/assembly';
import { CommandError } from '../command-error.js';

const pointer = path.join(os.tmpdir(), `qadaga-demo-${os.userInfo().username}`);

export const rememberDemo = (home: string) => writeFileSync(pointer, home, { mode: 0o600 });

/** `qadaga demo-clock advance 5d`: the running server sees it within a moment and its next sweep finds what fell due. */
export async function demoClockCommand(
  action: string,
  by: string | undefined,
  flags: { home?: string },
): Promise<number> {
  const home = flags.home ?? process.env['QADAGA_HOME'] ?? latestDemo();
  if (!SimulatedClock.exists(home))
    throw new CommandError(`there is no simulated clock in ${home}; start one with: npm run demo`, 2);
  const clock = new SimulatedClock(home);
  if (action === 'show') {
    process.stdout.write(`${clock.now()}\n`);
    return 0;
  }
  if (action !== 'advance') throw new CommandError(`demo-clock takes advance or show, not ${action}`, 2);
  const match = /^(\d{1,4})([dhm])$/.exec(by ?? '');
  if (!match) throw new CommandError(`how far is written like 5d, 12h or 30m, not ${by ?? 'nothing'}`, 2);
  const unitMs = { d: 86_400_000, h: 3_600_000, m: 60_000 }[match[2] as 'd' | 'h' | 'm'];
  const to = clock.advanceTo(instantOfMs(msOf(clock.now()) + Number(match[1]) * unitMs));
  process.stdout.write(`the simulated clock shows ${to}; the next sweep is within seconds\n`);
  return 0;
}

function latestDemo(): string {
  try {
    return readFileSync(pointer, 'utf8');
  } catch {
    throw new CommandError('no demonstration was started on this machine: npm run demo', 2);
  }
}
