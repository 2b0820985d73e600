/// <reference types="jest" />
import { encodeFact, FactTooLargeError, maxBodyBytes, type Upcaster, type Upcasters } from './codec.js';
import { allOf, appendOf, dataOf, expectSoundLog, factsOf, positionIn, type StoreUnderTest } from './contract-facts.js';
import { subscribingContract } from './contract-subscribing.js';
import {
  comparePositions,
  StoreUnavailableError,
  type EventStore,
  type FactToAppend,
  type Subscription,
  type WrittenFact,
} from './port.js';

export interface ContractOptions {
  /** Positions count 1, 2, 3 … without a hole. Not so on engines with their own positions. */
  readonly counted?: boolean;
  /** Bytes that the engine keeps beside a fact's body and counts against the same limit. */
  readonly overhead?: number;
  /** How many appends count as thousands of facts. Default 1 500, of two facts each. */
  readonly many?: number;
}

/** What every adapter of the port must do; called from the adapter's spec. Each test gets an empty log. */
export function eventStoreContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: ContractOptions = {},
): void {
  const { counted = true, overhead = 0, many = 1_500 } = options;
  let under: StoreUnderTest;
  let store: EventStore;
  const running: Subscription[] = [];

  describe(`${name} as an event store`, () => {
    beforeEach(async () => {
      under = await makeStore();
      store = await under.open();
    });
    afterEach(async () => {
      await Promise.all(running.splice(0).map((subscription) => subscription.stop()));
      await under.end();
    });

    describe('appending', () => {
      it('starts a stream and goes on at exactly the expected revision', async () => {
        const first = await store.append(appendOf('case-1', 'none', 'a', 1, 2));
        expect(first).toMatchObject({ outcome: 'appended', revision: 1 });
        const second = await store.append(appendOf('case-1', 1, 'b', 3));
        expect(second).toMatchObject({ outcome: 'appended', revision: 2 });
        expect(comparePositions(positionIn(first), positionIn(second))).toBeLessThan(0);
        if (counted) expect([positionIn(first), positionIn(second)]).toEqual(['2', '3']);
        expect(dataOf(await store.readStream('case-1'))).toEqual([1, 2, 3]);
      });
      it('refuses another revision than the last one, gaps as well', async () => {
        expect(await store.append(appendOf('case-1', 0, 'x', 1))).toEqual({ outcome: 'conflict', actual: -1 });
        await store.append(appendOf('case-1', 'none', 'a', 1, 2, 3, 4));
        expect(await store.append(appendOf('case-1', 'none', 'b', 5))).toEqual({ outcome: 'conflict', actual: 3 });
        expect(await store.append(appendOf('case-1', 2, 'b', 5))).toEqual({ outcome: 'conflict', actual: 3 });
        expect(await store.append(appendOf('case-1', 5, 'b', 5))).toEqual({ outcome: 'conflict', actual: 3 });
        expect(await allOf(store)).toHaveLength(4);
      });
      it('answers a repeat like the first time, also after the stream went on', async () => {
        const first = await store.append(appendOf('case-1', 'none', 'a', 1, 2));
        await store.append(appendOf('case-1', 1, 'b', 3));
        expect(await store.append(appendOf('case-1', 'none', 'a', 1, 2))).toEqual({ ...first, outcome: 'repeated' });
        expect(await store.append(appendOf('case-1', 1, 'b', 3))).toMatchObject({ outcome: 'repeated', revision: 2 });
        expect(await allOf(store)).toHaveLength(3);
      });
      it('takes only the very same facts at the same revision for a repeat', async () => {
        await store.append(appendOf('case-1', 'none', 'a', 1, 2));
        const [one, two] = factsOf('case-1', 'a', 1, 2) as [FactToAppend, FactToAppend];
        const [other] = factsOf('case-1', 'b', 3) as [FactToAppend];
        const conflict = { outcome: 'conflict', actual: 1 };
        expect(await store.append({ stream: 'case-1', expected: 'none', facts: [one, other] })).toEqual(conflict);
        expect(await store.append({ stream: 'case-1', expected: 'none', facts: [one, two, other] })).toEqual(conflict);
        expect(await store.append({ stream: 'case-1', expected: 'none', facts: [two, one] })).toEqual(conflict);
        expect(await store.append({ stream: 'case-1', expected: 0, facts: [one] })).toEqual(conflict);
        expect(await allOf(store)).toHaveLength(2);
      });
      it('gives each of many appends at once its own answer', async () => {
        await store.append(appendOf('case-0', 'none', 'a', 0));
        const answers = await Promise.all([
          store.append(appendOf('case-1', 'none', 'b', 1)),
          store.append(appendOf('case-0', 7, 'c', 1)),
          store.append(appendOf('case-2', 'none', 'd', 1, 2, 3)),
          store.append(appendOf('case-0', 'none', 'a', 0)),
          store.append(appendOf('case-2', 2, 'e', 4)),
          store.append(appendOf('case-3', 'none', 'f', 1)),
        ]);
        expect(answers.map(({ outcome }) => outcome)).toEqual([
          'appended',
          'conflict',
          'appended',
          'repeated',
          'appended',
          'appended',
        ]);
        expectSoundLog(await allOf(store), counted);
      });
      it('lets one of many rivals win', async () => {
        const answers = await Promise.all(
          Array.from({ length: 20 }, (_, n) => store.append(appendOf('case-1', 'none', `rival-${n}`, n))),
        );
        expect(answers.filter(({ outcome }) => outcome === 'appended')).toHaveLength(1);
        expect(answers.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19);
        expect(await store.readStream('case-1')).toHaveLength(1);
      });
      it('keeps every character and number as it was written', async () => {
        const data = {
          kk: 'Әділет, Ғылым, Қазақстан, Ңұү',
          nfd: 'й',
          emoji: '🏛️',
          rtl: '\u202Eabc',
          lines: 'a\nb\r\n\t\u2028\u0000\u0001',
          quotes: `"'\\\\n`,
          empty: '',
          numbers: [0, -1, 1e21, 1.5e-7, 2 ** 53 - 1],
          nothing: null,
          'ключ €': { b: 1, a: 2, A: 3 },
          separators: 'a,b|c\u001f',
          __proto__x: {},
        };
        const append = appendOf('case-Қ/7 №.:_-', 'none', 'a', data);
        await store.append(append);
        const [fact] = await store.readStream('case-Қ/7 №.:_-');
        expect(fact!.data).toEqual(data);
        expect(encodeFact(fact!)).toBe(encodeFact({ ...append.facts[0]!, stream: append.stream, revision: 0 }));
      });
      it('takes a fact of 1 MiB with all that belongs to it and refuses a longer one, wholly', async () => {
        const around = encodeFact({ ...factsOf('case-1', 'a', '')[0]!, stream: 'case-1', revision: 0 }).length;
        const largest = 'x'.repeat(maxBodyBytes - overhead - around);
        expect(await store.append(appendOf('case-1', 'none', 'a', largest))).toMatchObject({ outcome: 'appended' });
        await expect(store.append(appendOf('case-2', 'none', 'a', 1, `${largest}x`))).rejects.toThrow(
          FactTooLargeError,
        );
        await expect(store.append(appendOf('case-2', 'none', 'a', 'ә'.repeat(maxBodyBytes / 2)))).rejects.toThrow(
          /limit is 1048576/,
        );
        expect(await store.readStream('case-2')).toEqual([]);
        expect((await store.readStream('case-1'))[0]!.data).toBe(largest);
      });
      it('refuses what cannot be appended', async () => {
        await expect(store.append({ stream: 'case-1', expected: 'none', facts: [] })).rejects.toThrow(RangeError);
        for (const stream of ['', 'a\nb', 'a\u0000', 'x'.repeat(201), 'a\u2028b', '\ud800'])
          await expect(store.append(appendOf(stream, 'none', 'a', 1))).rejects.toThrow(RangeError);
        for (const expected of [-1, 0.5, Number.NaN])
          await expect(store.append(appendOf('case-1', expected, 'a', 1))).rejects.toThrow(RangeError);
        await expect(store.append(appendOf('case-1', 'none', 'a', Number.NaN))).rejects.toThrow(TypeError);
        expect(await store.head()).toBeUndefined();
      });
    });

    describe('appending together', () => {
      it('appends to many streams, and to one more than once, in order', async () => {
        await store.append(appendOf('case-0', 'none', 'z', 0));
        const answers = await store.appendTogether([
          appendOf('case-1', 'none', 'a', 1),
          appendOf('case-0', 0, 'b', 2),
          appendOf('case-1', 0, 'c', 3, 4),
          appendOf('case-1', 2, 'd', 5),
        ]);
        expect(answers).toMatchObject([
          { outcome: 'appended', revision: 0 },
          { outcome: 'appended', revision: 1 },
          { outcome: 'appended', revision: 2 },
          { outcome: 'appended', revision: 3 },
        ]);
        const log = await allOf(store);
        expect(dataOf(log)).toEqual([0, 1, 2, 3, 4, 5]);
        expect(answers.map(positionIn)).toEqual([1, 2, 4, 5].map((n) => log[n]!.position));
        expectSoundLog(log, counted);
      });
      it('appends nothing when one conflicts, and says which', async () => {
        await store.append(appendOf('case-0', 'none', 'z', 0));
        const answers = await store.appendTogether([
          appendOf('case-1', 'none', 'a', 1),
          appendOf('case-0', 'none', 'z', 0),
          appendOf('case-0', 3, 'b', 2),
        ]);
        expect(answers).toMatchObject([
          { outcome: 'conflict', actual: -1 },
          { outcome: 'repeated', revision: 0 },
          { outcome: 'conflict', actual: 0 },
        ]);
        expect(await store.readStream('case-1')).toEqual([]);
      });
      it('does not take two appends for the same place', async () => {
        const answers = await store.appendTogether([
          appendOf('case-1', 'none', 'a', 1),
          appendOf('case-1', 'none', 'b', 1),
        ]);
        expect(answers).toEqual([
          { outcome: 'conflict', actual: -1 },
          { outcome: 'conflict', actual: 0 },
        ]);
        expect(await store.head()).toBeUndefined();
      });
      it('repeats what is there and appends the rest', async () => {
        const first = [appendOf('case-1', 'none', 'a', 1), appendOf('case-1', 0, 'b', 2)];
        const before = await store.appendTogether(first);
        expect(await store.appendTogether(first)).toEqual(before.map((answer) => ({ ...answer, outcome: 'repeated' })));
        const answers = await store.appendTogether([
          ...first,
          appendOf('case-1', 1, 'c', 3),
          appendOf('case-2', 'none', 'd', 4),
        ]);
        expect(answers.map(({ outcome }) => outcome)).toEqual(['repeated', 'repeated', 'appended', 'appended']);
        expect(dataOf(await allOf(store))).toEqual([1, 2, 3, 4]);
        expect(await store.appendTogether([])).toEqual([]);
      });
      it('takes thousands of facts', async () => {
        const streams = many / 3;
        const appends = Array.from({ length: many }, (_, n) =>
          appendOf(
            `case-${n % streams}`,
            n < streams ? 'none' : 2 * Math.floor(n / streams) - 1,
            `c-${n}`,
            n,
            'second',
          ),
        );
        const answers = await store.appendTogether(appends);
        expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['appended']));
        const log = await allOf(store, { batchSize: 170 });
        expect(log).toHaveLength(2 * many);
        expectSoundLog(log, counted);
      });
      it('takes very many facts as they are written, or none when one of them cannot be', async () => {
        await store.append(appendOf('case-0', 'none', 'first', 'first'));
        const many = (name: string, last: unknown) =>
          Array.from({ length: 700 }, (_, n) =>
            appendOf(`case-${name}\\${n}`, 'none', `${name}-${n}`, `\t\r\n\\N\\.\u0000 «Қ» ${n}`, n === 699 ? last : n),
          );
        await expect(store.appendTogether(many('bad', '\ud800'))).rejects.toThrow(TypeError);
        expect(await allOf(store)).toHaveLength(1);
        const good = many('good', 'last');
        const answers = await store.appendTogether(good);
        expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['appended']));
        const log = await allOf(store);
        expectSoundLog(log, counted);
        const given = good.flatMap(({ stream, facts }) =>
          facts.map((fact, revision) => ({ ...fact, stream, revision })),
        );
        expect(log.slice(1).map(encodeFact)).toEqual(given.map(encodeFact));
        expect(answers.map((answer) => answer.outcome === 'appended' && answer.position)).toEqual(
          good.map(({ stream }) => log.find((fact) => fact.stream === stream && fact.revision === 1)!.position),
        );
        expect((await store.appendTogether(good)).map(({ outcome }) => outcome)).toEqual(good.map(() => 'repeated'));
      });
    });

    describe('reading', () => {
      beforeEach(async () => {
        await store.append(appendOf('case-1', 'none', 'a', 0, 1, 2));
        await store.append(appendOf('case-2', 'none', 'b', 'other'));
        await store.append(appendOf('case-1', 2, 'c', 3, 4));
      });
      it('gives a stream forward and backward, from a revision, up to a limit', async () => {
        const read = async (...args: Parameters<EventStore['readStream']>) => dataOf(await store.readStream(...args));
        expect(await read('case-1')).toEqual([0, 1, 2, 3, 4]);
        expect(await read('case-1', { from: 2 })).toEqual([2, 3, 4]);
        expect(await read('case-1', { from: 1, limit: 2 })).toEqual([1, 2]);
        expect(await read('case-1', { direction: 'backward' })).toEqual([4, 3, 2, 1, 0]);
        expect(await read('case-1', { direction: 'backward', limit: 1 })).toEqual([4]);
        expect(await read('case-1', { direction: 'backward', from: 2, limit: 2 })).toEqual([2, 1]);
        expect(await read('case-1', { from: 9 })).toEqual([]);
        expect(await read('case-9')).toEqual([]);
      });
      it('gives many streams at once, and an empty list for a missing one', async () => {
        const found = await store.readStreams(['case-2', 'case-9', 'case-1', 'case-2']);
        expect([...found.keys()].sort()).toEqual(['case-1', 'case-2', 'case-9']);
        expect([...found.values()].map(dataOf)).toEqual([['other'], [], [0, 1, 2, 3, 4]]);
      });
      it('gives the whole log in order, after and up to a position, in batches', async () => {
        const log = await allOf(store);
        expect(dataOf(log)).toEqual([0, 1, 2, 'other', 3, 4]);
        expectSoundLog(log, counted);
        expect(await store.head()).toBe(log.at(-1)!.position);
        for (const batchSize of [1, 2, 3, 6, 100]) {
          expect(await allOf(store, { batchSize })).toEqual(log);
          const [after, upTo] = [log[0]!.position, log[3]!.position];
          expect(await allOf(store, { after, batchSize })).toEqual(log.slice(1));
          expect(await allOf(store, { upTo, batchSize })).toEqual(log.slice(0, 4));
          expect(await allOf(store, { after, upTo, batchSize })).toEqual(log.slice(1, 4));
        }
        for await (const batch of store.readAll({ batchSize: 2 })) {
          expect(batch).toHaveLength(2);
          break;
        }
        expect(await allOf(store, { after: log.at(-1)!.position })).toEqual([]);
      });
      it('gives the log as it was written, never upcast, with the canonical text', async () => {
        const upcasting = await under.open({
          upcasters: new Map<string, Upcaster>([['SomethingNoted', () => ({ type: 'SomethingElse', data: null })]]),
        });
        const log = await allOf(store);
        for (const batchSize of [2, 100]) {
          const [after, upTo] = [log[0]!.position, log[4]!.position];
          const written: WrittenFact[] = [];
          for await (const batch of upcasting.readWritten({ after, upTo, batchSize })) written.push(...batch);
          expect(written).toEqual(log.slice(1, 5).map((fact) => ({ ...fact, text: encodeFact(fact) })));
        }
      });
      it('upcasts on the way out only, through every successor', async () => {
        const upcasters: Upcasters = new Map<string, Upcaster>([
          ['SomethingNoted', (data: unknown) => ({ type: 'SomethingNoted.v2', data: { was: data } })],
          [
            'SomethingNoted.v2',
            (data: unknown, fact) => ({ type: 'SomethingNoted.v3', data: { of: fact.stream, ...(data as object) } }),
          ],
        ]);
        const upcasting = await under.open({ upcasters });
        expect(await upcasting.readStream('case-2')).toMatchObject([
          { type: 'SomethingNoted.v3', data: { of: 'case-2', was: 'other' }, revision: 0 },
        ]);
        expect(await store.readStream('case-2')).toMatchObject([{ type: 'SomethingNoted', data: 'other' }]);
      });
    });

    subscribingContract(() => ({ store, under, running, counted }));

    describe('closing', () => {
      it('ends subscriptions and takes nothing any more', async () => {
        const other = await under.open();
        const subscription = other.subscribe({ handle: async () => {} });
        await other.close();
        await expect(subscription.done).resolves.toBeUndefined();
        await expect(other.append(appendOf('case-1', 'none', 'a', 1))).rejects.toThrow(StoreUnavailableError);
      });
    });
  });
}
