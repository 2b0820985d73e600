/// <reference types="jest" />
import { allOf, appendOf, dataOf, expectSoundLog, positionIn, type StoreUnderTest } from './contract-facts.js';
import type { EventStore, Position, RecordedFact, Subscription } from './port.js';

export interface SubscribingWorld {
  readonly under: StoreUnderTest;
  readonly store: EventStore;
  /** Stopped after each test. */
  readonly running: Subscription[];
  readonly counted: boolean;
}

function signal() {
  let resolve = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

/** The part of `eventStoreContract` about subscriptions; `world` gives what the running test was set up with. */
export function subscribingContract(world: () => SubscribingWorld): void {
  describe('subscribing', () => {
    let store: EventStore;
    let under: StoreUnderTest;
    let running: Subscription[];
    let counted: boolean;
    beforeEach(() => {
      ({ store, under, running, counted } = world());
    });
    /** Collects until `count` facts came. */
    function collect(count: number, more: { after?: Position; batchSize?: number } = {}, from = store) {
      const seen: RecordedFact[] = [];
      const enough = signal();
      const caughtUp: (Position | undefined)[] = [];
      const subscription = from.subscribe({
        ...more,
        handle: async (batch) => {
          seen.push(...batch);
          if (count > 0 && seen.length >= count) enough.resolve();
        },
        onCaughtUp: (head) => {
          caughtUp.push(head);
          if (count === 0) enough.resolve();
        },
      });
      subscription.done.catch(enough.reject);
      running.push(subscription);
      return { seen, caughtUp, subscription, enough: enough.promise };
    }
    it('gives what there is and then what comes, once and in order', async () => {
      await store.append(appendOf('case-1', 'none', 'a', 0, 1, 2));
      const reader = collect(6, { batchSize: 2 });
      await store.append(appendOf('case-2', 'none', 'b', 3));
      await store.append(appendOf('case-1', 2, 'c', 4, 5));
      await reader.enough;
      expect(dataOf(reader.seen)).toEqual([0, 1, 2, 3, 4, 5]);
      await reader.subscription.stop();
      await expect(reader.subscription.done).resolves.toBeUndefined();
    });
    it('starts after a position and sees what another handle appends', async () => {
      const first = await store.append(appendOf('case-1', 'none', 'a', 0, 1));
      const reader = collect(1, { after: positionIn(first) });
      const other = await under.open();
      await other.append(appendOf('case-1', 1, 'b', 2));
      await reader.enough;
      expect(dataOf(reader.seen)).toEqual([2]);
    });
    it('tells when everything has been seen', async () => {
      const empty = collect(0);
      await empty.enough;
      expect(empty.caughtUp[0]).toBeUndefined();
      const last = await store.append(appendOf('case-1', 'none', 'a', 0, 1));
      const reader = collect(2);
      await reader.enough;
      await store.append(appendOf('case-1', 1, 'b', 2));
      const later = collect(0);
      await later.enough;
      expect(reader.seen.slice(0, 2).at(-1)!.position).toBe(positionIn(last));
      expect(later.caughtUp[0]).toBe(await store.head());
    });
    it('waits for the handler before the next batch, and stops after the running one', async () => {
      await store.append(appendOf('case-1', 'none', 'a', 0, 1, 2));
      let inside = 0;
      const gate = signal();
      const entered = signal();
      const batches: unknown[][] = [];
      const subscription = store.subscribe({
        batchSize: 1,
        handle: async (batch) => {
          expect(++inside).toBe(1);
          batches.push(dataOf(batch));
          entered.resolve();
          await gate.promise;
          inside--;
        },
      });
      running.push(subscription);
      await entered.promise;
      let stopped = false;
      const stopping = subscription.stop().then(() => (stopped = true));
      await store.head();
      expect(stopped).toBe(false);
      gate.resolve();
      await stopping;
      expect(batches).toEqual([[0]]);
    });
    it('ends with the error of its handler, and another goes on', async () => {
      await store.append(appendOf('case-1', 'none', 'a', 0, 1, 2));
      let calls = 0;
      const failing = store.subscribe({
        batchSize: 1,
        handle: async () => {
          if (++calls === 2) throw new Error('cannot fold this');
        },
      });
      running.push(failing);
      await expect(failing.done).rejects.toThrow('cannot fold this');
      expect(calls).toBe(2);
      await failing.stop();
      const reader = collect(3);
      await reader.enough;
    });
    it('keeps up with concurrent writers, missing and doubling nothing', async () => {
      const writers = 8;
      const each = 40;
      const other = await under.open();
      const reader = collect(writers * each, { batchSize: 7 });
      const second = collect(writers * each, {}, other);
      await Promise.all(
        Array.from({ length: writers }, async (_, w) => {
          const target = w % 2 === 0 ? store : other;
          for (let n = 0; n < each; n++)
            await target.append(appendOf(`case-${w}`, n === 0 ? 'none' : n - 1, `w-${w}-${n}`, n));
        }),
      );
      await Promise.all([reader.enough, second.enough]);
      const log = await allOf(store);
      expectSoundLog(log, counted);
      expect(reader.seen).toEqual(log);
      expect(second.seen).toEqual(log);
    });
  });
}
