import type { RecordedFact } from './port.js';

/**
 * The facts that were read last, by position. Projections, policies and others follow the same log in one process, so
 * each fact is fetched and parsed for all of them once.
 */
export class RecentFacts {
  #young = new Map<number, RecordedFact>();
  #old = new Map<number, RecordedFact>();
  readonly #size: number;

  constructor(size = 4_000) {
    this.#size = size;
  }

  /** At most `limit` facts that follow `after` without a gap, as far as they are kept. */
  following(after: number, limit: number): RecordedFact[] {
    const found: RecordedFact[] = [];
    for (let position = after + 1; found.length < limit; position++) {
      const fact = this.#young.get(position) ?? this.#old.get(position);
      if (fact === undefined) break;
      found.push(fact);
    }
    return found;
  }

  forget(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  keep(facts: readonly RecordedFact[]): void {
    for (const fact of facts) this.#young.set(Number(fact.position), fact);
    if (this.#young.size >= this.#size) [this.#old, this.#young] = [this.#young, new Map()];
  }
}
