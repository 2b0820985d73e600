import { spawn, type ChildProcess } from 'node:child_process';

/** A program of ours in a process of its own, which may be killed and started again. */
export class Program {
  private child: ChildProcess | undefined;
  private said = '';

  /**
   * @param args what `node` is given
   * @param url where it answers about its health
   */
  constructor(
    private readonly args: readonly string[],
    private readonly env: { readonly [name: string]: string },
    readonly url: string,
  ) {}

  /** The last words of the process, for a finding. */
  get words(): string {
    return this.said.slice(-1500);
  }

  /** Among its last 20,000 characters. */
  hasSaid(words: RegExp): boolean {
    return words.test(this.said);
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Does not wait until it is ready. */
  launch(): void {
    this.said = '';
    const child = spawn(process.execPath, this.args, {
      env: { ...process.env, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.said = (this.said + text).slice(-20_000)));
  }

  /** @returns milliseconds until it was ready. @throws Error when it is not ready within a minute. */
  async start(): Promise<number> {
    const began = performance.now();
    this.launch();
    await this.untilReady(60_000);
    return performance.now() - began;
  }

  async untilReady(patienceMs: number): Promise<void> {
    const until = Date.now() + patienceMs;
    while (Date.now() < until) {
      if (!this.isRunning) throw new Error(`it ended by itself (${this.child?.exitCode}): ${this.words}`);
      try {
        const { status } = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) });
        if (status === 200) return;
      } catch {
        // Not yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`it was not ready within ${patienceMs} ms: ${this.words}`);
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** It stands still, as a machine that is suspended does, until `wake`. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  wake(): void {
    this.child?.kill('SIGCONT');
  }

  /** Without warning. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** @returns the exit code, null when it did not end by itself in time. */
  async stop(): Promise<number | null> {
    const patience = setTimeout(() => this.child?.kill('SIGKILL'), 60_000);
    await this.end('SIGTERM');
    clearTimeout(patience);
    return this.child?.exitCode ?? null;
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === undefined || !this.isRunning) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }
}
