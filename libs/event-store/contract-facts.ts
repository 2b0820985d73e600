/// <reference types="jest" />
import { factIdOf, instantOfMs, qadagaNamespace, uuidV5, type FactMeta, type Uuid } from '#libs/kernel';
import type { Upcasters } from './codec.js';
import {
  comparePositions,
  type Append,
  type AppendResult,
  type EventStore,
  type ExpectedRevision,
  type FactToAppend,
  type Position,
  type RecordedFact,
} from './port.js';

export const metaOf = (commandId: Uuid): FactMeta => ({
  commandId,
  requestHash: '00'.repeat(32),
  correlationId: commandId,
  causationId: commandId,
  actor: { kind: 'person', id: 'account-1', role: 'case-officer' },
  channel: 'api',
});

/** `command` names the command the facts come from: the same name gives the same ids. */
export function factsOf(stream: string, command: string, ...data: readonly unknown[]): FactToAppend[] {
  const commandId = uuidV5(qadagaNamespace, command);
  const meta = metaOf(commandId);
  return data.map((one, n) => ({
    id: factIdOf(commandId, stream, n),
    type: 'SomethingNoted',
    data: one,
    recordedAt: instantOfMs(1_610_000_000_000 + n),
    meta,
  }));
}

export const appendOf = (
  stream: string,
  expected: ExpectedRevision,
  command: string,
  ...data: readonly unknown[]
): Append => ({
  stream,
  expected,
  facts: factsOf(stream, command, ...data),
});

export async function allOf(
  store: EventStore,
  options?: Parameters<EventStore['readAll']>[0],
): Promise<RecordedFact[]> {
  const all: RecordedFact[] = [];
  for await (const batch of store.readAll(options)) all.push(...batch);
  return all;
}

/** One order, each fact once, no hole in any stream; with `counted` none in the positions. */
export function expectSoundLog(log: readonly RecordedFact[], counted = true): void {
  const revisions = new Map<string, number>();
  for (const [n, fact] of log.entries()) {
    if (n > 0 && comparePositions(log[n - 1]!.position, fact.position) >= 0)
      throw new Error(`${fact.position} does not follow ${log[n - 1]!.position}`);
    if (counted && fact.position !== String(n + 1)) throw new Error(`a hole before position ${fact.position}`);
    const revision = (revisions.get(fact.stream) ?? -1) + 1;
    if (fact.revision !== revision) throw new Error(`${fact.stream} has ${fact.revision} where ${revision} belongs`);
    revisions.set(fact.stream, revision);
  }
  expect(new Set(log.map(({ id }) => id)).size).toBe(log.length);
}

export interface StoreUnderTest {
  /** Opens the same log once more, e.g. with upcasters, or as another process would. Closed by `end`. */
  open(options?: { readonly upcasters?: Upcasters }): Promise<EventStore>;
  /** Closes everything and forgets the log. */
  end(): Promise<void>;
}

export const positionIn = (result: AppendResult): Position => {
  if (result.outcome === 'conflict') throw new Error(`conflict at ${result.actual}`);
  return result.position;
};

export const dataOf = (facts: readonly RecordedFact[]) => facts.map(({ data }) => data);
