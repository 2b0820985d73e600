/** The calls of a client, as the server counts and disturbs them. */
export type Method =
  'append' | 'batchAppend' | 'appendSession' | 'read' | 'subscribe' | 'delete' | 'tombstone' | 'features';

export type Fault =
  /** Taken, never done, never answered. */
  | { readonly kind: 'silence' }
  /** Done, never answered. */
  | { readonly kind: 'done-silence' }
  /** Not done; the connection is reset. */
  | { readonly kind: 'reset' }
  /** Done, and the connection is reset before the answer. */
  | { readonly kind: 'done-reset' }
  /** Done, and answered with an error. */
  | { readonly kind: 'done-failed'; readonly code: number }
  /** Not done; an error. */
  | { readonly kind: 'failed'; readonly code: number }
  /** Not done: this node is not the leader, that one is. */
  | { readonly kind: 'not-leader'; readonly host: string; readonly port: number }
  /** Done later. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Done twice, as when a proxy sends a request again; a subscription shows each event twice. */
  | { readonly kind: 'duplicate' };

/** Faults wait per method and are used up one by one. */
export class Faults {
  readonly calls: Record<Method, number> = {
    append: 0,
    batchAppend: 0,
    appendSession: 0,
    read: 0,
    subscribe: 0,
    delete: 0,
    tombstone: 0,
    features: 0,
  };
  readonly #waiting = new Map<Method, Fault[]>();
  #chance: { readonly share: number; readonly random: () => number; readonly fault: Fault } | undefined;

  next(method: Method, ...faults: readonly Fault[]): void {
    this.#waiting.set(method, [...(this.#waiting.get(method) ?? []), ...faults]);
  }

  /** Every call that stores meets `fault` with this chance. */
  often(share: number, fault: Fault, random: () => number): void {
    this.#chance = { share, random, fault };
  }

  clear(): void {
    this.#waiting.clear();
    this.#chance = undefined;
  }

  take(method: Method): Fault | undefined {
    this.calls[method]++;
    const waiting = this.#waiting.get(method)?.shift();
    if (waiting !== undefined || this.#chance === undefined || !/append/i.test(method)) return waiting;
    return this.#chance.random() < this.#chance.share ? this.#chance.fault : undefined;
  }
}
