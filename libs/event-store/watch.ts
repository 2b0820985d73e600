/** The newest position this process knows of, for readers that wait for more. Positions are counters from 1; 0 is none. */
export class Watch {
  #known = 0;
  readonly #waiting = new Set<() => void>();

  get known(): number {
    return this.#known;
  }

  get hasWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  notice(position: number): void {
    if (position <= this.#known) return;
    this.#known = position;
    this.wakeAll();
  }

  /** Until it is told anew. */
  forget(): void {
    this.#known = 0;
  }

  wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves when there is something after `position`, or at `wakeAll`. */
  async beyond(position: number): Promise<void> {
    if (this.#known > position) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}
