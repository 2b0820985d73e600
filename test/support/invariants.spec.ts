import { createMemoryEventStore, type EventStore } from '#libs/event-store';
import { derivedId, factIdOf, instantOfMs, type FactMeta } from '#libs/kernel';
import { loadRules } from '#libs/rules';
import { checkDeadlines, checkEffects, checkLedger, checkOrder } from './invariants.js';

const commandId = derivedId('command', 'invariants');
const meta: FactMeta = {
  commandId,
  requestHash: '00',
  correlationId: commandId,
  causationId: commandId,
  actor: { kind: 'system', id: 'qadaga', role: 'system' },
  channel: 'job',
};
const idOf = (stream: string, n: number) => factIdOf(commandId, stream, n);

async function storeOf(facts: readonly [stream: string, type: string, data: object][]): Promise<EventStore> {
  const store = createMemoryEventStore();
  const next = new Map<string, number>();
  for (const [stream, type, data] of facts) {
    const n = next.get(stream) ?? 0;
    next.set(stream, n + 1);
    const fact = { id: idOf(stream, n), type, data, recordedAt: instantOfMs(n), meta };
    await store.append({ stream, expected: n === 0 ? 'none' : n - 1, facts: [fact] });
  }
  return store;
}

/** The same store with what a fault would have made of its reading. */
const seenAs = (store: EventStore, change: (batch: unknown[]) => unknown[]): EventStore => ({
  ...store,
  readAll: async function* () {
    for await (const batch of store.readAll()) yield change([...batch]) as typeof batch;
  },
});

describe('the invariants', () => {
  const two = () =>
    storeOf([
      ['case-a', 'NoteAdded', {}],
      ['case-b', 'NoteAdded', {}],
      ['case-a', 'NoteAdded', {}],
    ]);

  it('find a hole in the order, and a fact that is there twice', async () => {
    const store = await two();
    expect(await checkOrder(store)).toEqual([]);
    expect(await checkOrder(seenAs(store, (batch) => batch.filter((_, n) => n !== 1)))).toHaveLength(1);
    expect((await checkOrder(seenAs(store, (batch) => batch.slice(1)))).length).toBeGreaterThan(1);
    expect((await checkOrder(seenAs(store, ([first, ...rest]) => [first, first, ...rest]))).join()).toContain('twice');
  });

  it('find what was acknowledged and lost, moved, or written by nobody', async () => {
    const store = await two();
    const entry = (stream: string, n: number, position: string) =>
      [idOf(stream, n), { id: idOf(stream, n), stream, revision: n, position }] as const;
    const all = [entry('case-a', 0, '1'), entry('case-b', 0, '2'), entry('case-a', 1, '3')];
    expect(await checkLedger(store, new Map(all))).toEqual([]);
    expect((await checkLedger(store, new Map(all.slice(1)))).join()).toContain('I2');
    expect(await checkLedger(store, new Map(all.slice(1)), new Set([idOf('case-a', 0)]))).toEqual([]);
    expect((await checkLedger(store, new Map([...all, entry('case-c', 0, '4')]))).join()).toContain('I1');
    expect((await checkLedger(store, new Map([entry('case-a', 0, '2'), ...all.slice(1)]))).join()).toContain('I1');
  });

  it('find an effect that was had twice', async () => {
    const miss = { obligationId: 'o' };
    const once = await storeOf([
      ['notice-1', 'NoticeIssued', { versionId: 'v', caseId: 'c' }],
      ['case-c', 'ObligationMissed', miss],
      ['case-c', 'MissRescinded', miss],
      ['case-c', 'ObligationMissed', miss],
      ['caseWork-c', 'AlertRaised', { subject: { id: 'o' }, step: 'overdue' }],
    ]);
    expect(await checkEffects(once)).toEqual([]);
    const twice = await storeOf([
      ['notice-1', 'NoticeIssued', { versionId: 'v', caseId: 'c' }],
      ['notice-2', 'NoticeIssued', { versionId: 'v', caseId: 'c' }],
      ['caseWork-c', 'AlertRaised', { subject: { id: 'o' }, step: 'overdue' }],
      ['caseWork-c', 'AlertRaised', { subject: { id: 'o' }, step: 'overdue' }],
      ['case-c', 'ObligationMissed', miss],
      ['case-c', 'ObligationMissed', miss],
    ]);
    expect(await checkEffects(twice)).toHaveLength(3);
  });

  it('find a deadline that the naive reckoning does not give', async () => {
    const trace = (dueOn: string) => ({
      clause: '4',
      reading: 'DAY_ITSELF_COUNTS',
      trigger: { what: 'quarter_end', on: '2021-03-31', period: '2021-Q1' },
      length: { byDay: 10, dayItselfCounts: true },
      nominalOn: '2021-04-10',
      roll: 'next-working-day',
      dueOn,
      calendar: { id: 'kz', version: loadRules().calendar('kz').version },
    });
    const opened = (dueOn: string) => storeOf([['case-a', 'ObligationOpened', { deadline: { trace: trace(dueOn) } }]]);
    expect(await checkDeadlines(await opened('2021-04-12'))).toEqual({ findings: [], checked: 1 });
    expect((await checkDeadlines(await opened('2021-04-10'))).findings).toHaveLength(1);
  });
});
