import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { instantOfMs, msOf, type Clock, type Instant } from '#libs/kernel';

interface Setting {
  /** The simulated instant that was shown at `anchoredAt`, real milliseconds; it goes on at the real pace from there. */
  readonly simulated: Instant;
  readonly anchoredAt: number;
}

export const simulatedClockFile = (home: string) => path.join(home, 'simulated-clock.json');

/**
 * A clock that runs at the real pace from a chosen day, kept in a file of the home so that a command can advance the
 * clock of a running server. It never goes back.
 */
export class SimulatedClock implements Clock {
  private setting: Setting;
  private readAt = 0;

  constructor(private readonly home: string) {
    this.setting = read(home);
  }

  static create(home: string, at: Instant): SimulatedClock {
    write(home, { simulated: at, anchoredAt: Date.now() });
    return new SimulatedClock(home);
  }

  static exists(home: string): boolean {
    try {
      read(home);
      return true;
    } catch {
      return false;
    }
  }

  now(): Instant {
    // Another process may have advanced it; a look at the file four times a second is enough.
    if (Date.now() - this.readAt > 250) {
      this.setting = read(this.home);
      this.readAt = Date.now();
    }
    return shown(this.setting);
  }

  /** @throws RangeError when `to` lies before what the clock shows. */
  advanceTo(to: Instant): Instant {
    const current = shown(read(this.home));
    if (to < current) throw new RangeError(`the simulated clock shows ${current} and never goes back`);
    write(this.home, { simulated: to, anchoredAt: Date.now() });
    this.setting = read(this.home);
    return to;
  }
}

const shown = ({ simulated, anchoredAt }: Setting): Instant => instantOfMs(msOf(simulated) + Date.now() - anchoredAt);

function read(home: string): Setting {
  return JSON.parse(readFileSync(simulatedClockFile(home), 'utf8')) as Setting;
}

function write(home: string, setting: Setting): void {
  const file = simulatedClockFile(home);
  writeFileSync(`${file}.new`, JSON.stringify(setting), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
