import { createHash } from 'node:crypto';
import {
  decimal,
  drawUuid,
  instant,
  isRejection,
  type Instant,
  type Quarter,
  type Rejection,
  type Uuid,
} from '#libs/kernel';
import { canonicalJson } from '#libs/kernel';
import {
  LawBook,
  WritePath,
  formatNumber,
  recordFiling,
  requestFrom,
  type House,
  type NumberSeries,
  type Request,
  type Sealer,
} from '#libs/application';
import { operatorDecider, operatorStream, type Language, type OperatorState } from '#libs/domain';
import type { EventStore } from '#libs/event-store';
import { loadRules } from '#libs/rules';
import { LogBoards } from './log-boards.js';

export const bin = '940140000385';

export class TestClock {
  constructor(private at: Instant) {}
  now = (): Instant => this.at;
  set(at: string): void {
    this.at = instant(at);
  }
}

/** Seals nothing: what is put in comes out. */
export const plainSealer: Sealer = {
  seal: async (_bin, text) => ({
    keyId: 'test',
    cipher: Buffer.from(text).toString('base64'),
    commitment: createHash('sha256').update(text).digest('hex'),
  }),
  open: async ({ cipher }) => ({ text: Buffer.from(cipher, 'base64').toString(), salt: '' }),
};

export interface TestHouse {
  readonly house: House;
  readonly clock: TestClock;
  readonly boards: LogBoards;
  readonly store: EventStore;
}

const rules = loadRules();

/** A house over a store; several over one store are several processes. */
export function testHouse(store: EventStore, clock: TestClock): TestHouse {
  const boards = new LogBoards(store);
  const lawBook = new LawBook(store, rules);
  boards.lawBook = lawBook;
  const process = drawUuid().slice(0, 4);
  let drawn = 0;
  const numbers = {
    next: async (series: NumberSeries, year: number) => `${formatNumber(series, year, ++drawn)}-${process}`,
  };
  const house: House = {
    writePath: new WritePath(store, clock),
    lawBook,
    numbers,
    sealer: plainSealer,
    clock,
    directory: boards,
  };
  return { house, clock, boards, store };
}

export const personRequest = (clock: TestClock, key: string = drawUuid()): Request =>
  requestFrom(
    {
      actor: { kind: 'person', id: 'registrar-1', role: 'registrar' },
      channel: 'api',
      idempotencyKey: key,
      content: { useCase: 'test', input: key },
      arrivedAt: clock.now(),
    },
    (text) => text,
  );

export function accepted<T>(outcome: T | Rejection): T {
  if (isRejection(outcome)) throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome;
}

export async function registerOperator(
  { house, clock }: TestHouse,
  contacts: { readonly emails: readonly string[] } | null = null,
  language: Language = 'en',
): Promise<OperatorState> {
  const sealed = contacts && (await house.sealer.seal(bin, canonicalJson({ ...contacts, phones: [] })));
  const done = await house.writePath.execute({
    decider: operatorDecider,
    stream: operatorStream(bin),
    command: { type: 'RegisterOperator', details: { bin, name: 'Test LLP', language, contacts: sealed } },
    request: personRequest(clock),
    context: () => ({}),
  });
  return accepted(done).state;
}

/** A centre's first reference: it opens the case. Answers the case's id and the filing's. */
export async function fileReference(
  { house, clock }: TestHouse,
  period: Quarter,
  { caseId, powerMw = '7.5' }: { readonly caseId?: Uuid; readonly powerMw?: string } = {},
): Promise<{ readonly caseId: Uuid; readonly filingId: Uuid }> {
  const done = accepted(
    await recordFiling(
      house,
      {
        ...(caseId
          ? { caseId }
          : { newCase: { operatorBin: bin, region: '55', address: 'Ekibastuz, Industrial zone 4' } }),
        intake: { channel: 'electronic' },
        values: { kind: 'quarterly_reference', period, powerMw: decimal(powerMw) },
      },
      personRequest(clock),
    ),
  );
  if (done.state.situation === 'none') throw new Error('no case');
  const filed = done.facts.find((fact) => fact.type === 'QuarterlyReferenceFiled')!;
  return { caseId: done.state.file.caseId, filingId: (filed.data as { filingId: Uuid }).filingId };
}

/** Types of the facts of the streams that begin so, in the order of the log. */
export async function typesOf(store: EventStore, category: string): Promise<string[]> {
  const types: string[] = [];
  for await (const batch of store.readAll())
    for (const fact of batch) if (fact.stream.startsWith(category)) types.push(fact.type);
  return types;
}
