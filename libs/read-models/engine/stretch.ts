import { setImmediate as turn } from 'node:timers/promises';

/** The longest a piece of work holds the event loop, ms: requests are answered by the same process. */
const longestMs = 8;

/** Work that gives the event loop back now and then. One stretch serves everything that is done in a row. */
export class Stretch {
  private began = performance.now();

  get isLong(): boolean {
    return performance.now() - this.began > longestMs;
  }

  async rest(): Promise<void> {
    await turn();
    this.began = performance.now();
  }
}
