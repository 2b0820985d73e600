/**
 * Revisions that certainly exist, by stream: those this process has read or written. Facts are for ever, so what was
 * seen once holds; a process that decides has just read the stream it appends to. Forgets what was long not used.
 */
export class KnownRevisions {
  #young = new Map<string, number>();
  #old = new Map<string, number>();
  readonly #size: number;

  constructor(size = 50_000) {
    this.#size = size;
  }

  note(stream: string, revision: number): void {
    const known = this.#young.get(stream) ?? this.#old.get(stream);
    if (known !== undefined && known >= revision && this.#young.has(stream)) return;
    if (this.#young.size >= this.#size) [this.#old, this.#young] = [this.#young, new Map()];
    this.#young.set(stream, Math.max(revision, known ?? -1));
  }

  has(stream: string, revision: number): boolean {
    return revision < 0 || revision <= (this.#young.get(stream) ?? this.#old.get(stream) ?? -1);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
