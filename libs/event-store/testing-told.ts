import type { Append, AppendResult, EventStore } from './port.js';

/**
 * Under `npm run told-failed` PostgreSQL's answer to an append may be lost though it was made, so that the store asks
 * again and finds the facts there: `repeated`, as the port says. A test that asks whether somebody gave them before means
 * the caller's own calls: of those, only what was given twice is a repeat. Otherwise nothing is changed.
 * @returns for the stores on one log
 */
export function givenOnce(): (store: EventStore) => EventStore {
  if (process.env['TOLD_FAILED'] === undefined) return (store) => store;
  const given = new Set<string>();
  const ask = async (appends: readonly Append[], answers: () => Promise<readonly AppendResult[]>) => {
    const ids = appends.map(({ facts }) => String(facts[0]?.id));
    const firsts = ids.map((id) => !given.has(id));
    for (const id of ids) given.add(id);
    return (await answers()).map((answer, n): AppendResult => {
      if (answer.outcome === 'conflict' && firsts[n]) given.delete(ids[n]!);
      return answer.outcome === 'repeated' && firsts[n] ? { ...answer, outcome: 'appended' } : answer;
    });
  };
  return (store) => {
    const own: Pick<EventStore, 'append' | 'appendTogether'> = {
      append: async (one) => (await ask([one], async () => [await store.append(one)]))[0]!,
      appendTogether: (appends) => ask(appends, () => store.appendTogether(appends)),
    };
    return new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(name in own ? own : target, name);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };
}
