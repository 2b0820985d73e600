import { caseStream, caseWorkStream, noticeStream, operatorStream, authorityStream } from '#libs/domain';
import type { Deadline, DomainEvent, Location, ObligationKind, Registration, RuleSet } from '#libs/domain';
import type { EventStore, Position } from '#libs/event-store';
import {
  addDays,
  decimal,
  derivedId,
  endOfDay,
  instant,
  instantOfMs,
  msOf,
  plainDate,
  quarter,
  type FactMeta,
  type Instant,
  type PlainDate,
  type Quarter,
  type Uuid,
} from '#libs/kernel';
import { sampleRules } from '../domain/deadline/testing.js';
import { JsonText, parsed } from './engine/json-text.js';
import type { Projection } from './engine/projection.js';
import type { Table } from './engine/table.js';
import { Draft, UnitRows, type Appended } from './engine/unit-rows.js';
import type { DomainFact } from './facts.js';

/** Builders for specs: facts as the deciders would write them, in as few words as a story needs. */
export const zone = 'Asia/Almaty';

export { sampleRules };

export const rules = {
  ruleSet(id: string): RuleSet {
    if (id !== sampleRules.id) throw new RangeError(`there is no rule set ${id}`);
    return sampleRules;
  },
};

export const id = (name: string): Uuid => derivedId(name, 'testing');

export const meta: FactMeta = {
  commandId: id('command'),
  requestHash: 'b'.repeat(64),
  correlationId: 'correlation',
  causationId: 'cause',
  actor: { kind: 'person', id: 'account-1', role: 'registrar' },
  channel: 'console',
};

export function deadline(
  due: string,
  nominal = due,
  kind: ObligationKind | 'notice' = 'quarterly_reference',
): Deadline {
  const dueOn = plainDate(due);
  const nominalOn = plainDate(nominal);
  const endsAt = endOfDay(dueOn, zone);
  const clause = { planned_construction: '3', quarterly_reference: '4', termination: '5', notice: '6' } as const;
  return {
    nominalOn,
    dueOn,
    endsAt,
    trace: {
      ruleSet: { id: 'sample', hash: sampleRules.hash, citation: sampleRules.citation },
      clause: clause[kind],
      reading: 'next-day-is-first',
      trigger: { what: 'quarter_end', on: addDays(nominalOn, -10) },
      length: { days: 10, counted: 'forward' },
      nominalOn,
      skipped: [],
      roll: 'next-working-day',
      dueOn,
      zone,
      endsAt,
      calendar: { id: 'sample', version: '1' },
    },
  };
}

export function registration(journalNo: string, receivedAt: string): Registration {
  const at = instant(receivedAt);
  const on = plainDate(instantOfMs(msOf(at) + 6 * 3_600_000).slice(0, 10));
  return {
    journalNo,
    channel: 'electronic',
    submittedAt: at,
    receivedAt: at,
    receivedOn: on,
    precision: 'instant',
    registeredOn: on,
  };
}

export const place = (region = '55', address = 'Ekibastuz, 1 Energy St'): Location => ({ region, address });

type DataOf<Type extends DomainEvent['type']> = Extract<DomainEvent, { type: Type }>['data'];

/** A log that is being told: `tell` gives each fact its stream, revision, position and time, all rising. */
export interface Story {
  readonly facts: readonly DomainFact[];
  tell<Type extends DomainEvent['type']>(type: Type, data: DataOf<Type>, at?: string): DomainFact;
}

const caseWorkTypes = new Set<string>([
  'AlertRaised',
  'AlertStepsPassed',
  'AlertSent',
  'AlertFailed',
  'AlertCancelled',
  'CaseAssigned',
  'NoteAdded',
  'SecretShown',
]);

export function streamOf(event: DomainEvent): string {
  const data = event.data as { readonly caseId?: Uuid; readonly noticeId?: Uuid; readonly bin?: string };
  if (event.type.startsWith('Notice')) return noticeStream(data.noticeId!);
  if (event.type.startsWith('Operator')) return operatorStream(data.bin!);
  if (caseWorkTypes.has(event.type)) return caseWorkStream(data.caseId!);
  return data.caseId === undefined ? authorityStream : caseStream(data.caseId);
}

export function createStory(start = '2021-01-01T04:00:00.000Z'): Story {
  const facts: DomainFact[] = [];
  const revisions = new Map<string, number>();
  let now = instant(start);
  return {
    facts,
    tell(type, data, at) {
      now = at === undefined ? instantOfMs(msOf(now) + 1_000) : instant(at);
      const event = { type, data } as unknown as DomainEvent;
      const stream = streamOf(event);
      const revision = (revisions.get(stream) ?? -1) + 1;
      revisions.set(stream, revision);
      const fact = {
        ...event,
        id: derivedId(`${stream}/${revision}`, 'testing/fact'),
        stream,
        revision,
        position: String(facts.length + 1) as Position,
        recordedAt: now,
        meta,
      } as DomainFact;
      facts.push(fact);
      return fact;
    },
  };
}

/** Puts facts of a story into a store, in order, from those given on. */
export async function record(store: EventStore, facts: readonly DomainFact[]): Promise<Position> {
  let position: Position | undefined;
  for (const { stream, revision, id: factId, type, data, recordedAt, meta: factMeta } of facts) {
    const fact = { id: factId, type, data, recordedAt, meta: factMeta };
    const answer = await store.append({ stream, expected: revision === 0 ? 'none' : revision - 1, facts: [fact] });
    if (answer.outcome === 'conflict') throw new Error(`${stream} is at ${answer.actual}, not before ${revision}`);
    position = answer.position;
  }
  return position!;
}

/** Given facts, then rows: folds in memory, as the engine does. */
export function rowsAfter<R extends object>(
  projection: Projection,
  table: Table<R>,
  facts: readonly DomainFact[],
): R[] {
  const units = new Map<string, UnitRows>();
  const draft = new Draft();
  const appended: Appended = new Map();
  for (const fact of facts) {
    if (!projection.feeds.has(fact.type)) continue;
    for (const unit of projection.unitsOf(fact)) {
      const rows = units.get(unit) ?? new UnitRows(unit);
      units.set(unit, rows);
      draft.begin(rows);
      projection.apply(draft, fact, unit);
      draft.commit(appended);
    }
  }
  const rows = table.appendOnly
    ? (appended.get(table as Table) ?? []).map(({ row }) => row)
    : [...units.values()].flatMap((unit) =>
        [...(unit.tables?.get(table as Table)?.values() ?? [])].map(({ row }) => row),
      );
  return rows.map((row) => {
    const settled = projection.settle?.(table as Table, row) ?? row;
    return Object.fromEntries(Object.entries(settled).map(([name, value]) => [name, opened(value)])) as R;
  });
}

const opened = (value: unknown): unknown => (value instanceof JsonText ? parsed(value as object) : value);

export interface CaseCast {
  readonly caseId: Uuid;
  readonly bin: string;
  readonly ref: string;
}

export const cast = (n: number): CaseCast => ({
  caseId: id(`case ${n}`),
  bin: String(940140000000 + (n % 5_000)),
  ref: `DC-${String(n).padStart(6, '0')}`,
});

export const openCase = (story: Story, { caseId, bin, ref }: CaseCast, where = place(), at?: string): DomainFact =>
  story.tell(
    'CaseOpened',
    {
      caseId,
      caseRef: ref,
      operatorBin: bin,
      location: where,
      ruleSet: { id: sampleRules.id, hash: sampleRules.hash },
      openedOn: plainDate('2021-01-04'),
    },
    at,
  );

export interface ReferenceOptions {
  readonly powerMw?: string;
  readonly jobs?: number;
  readonly where?: Location;
}

/** A quarterly reference; its id is `filing <ref> <period> <journalNo>`. */
export function fileReference(
  story: Story,
  { caseId, ref }: CaseCast,
  period: string,
  receivedAt: string,
  options: ReferenceOptions = {},
): Uuid {
  const filingId = id(`filing ${ref} ${period} ${receivedAt}`);
  story.tell('QuarterlyReferenceFiled', {
    caseId,
    filingId,
    registration: registration(`IN-${ref}-${period}-${receivedAt.slice(0, 10)}`, receivedAt),
    location: options.where ?? place(),
    values: {
      period: quarter(period),
      powerMw: decimal(options.powerMw ?? '12.50'),
      equipmentInvestmentKzt: decimal('1000000'),
      investmentPotentialKzt: decimal('2000000'),
      jobs: options.jobs ?? 14,
    },
    missing: [],
    flags: [],
  });
  return filingId;
}

export const obligationIdFor = (caseId: Uuid, period: string): Uuid => id(`obligation ${caseId} ${period}`);

export function openObligation(
  story: Story,
  { caseId }: CaseCast,
  period: string,
  opensOn: string,
  dueOn: string,
  options: { readonly nominal?: string; readonly historical?: boolean; readonly at?: string } = {},
): Uuid {
  const obligationId = obligationIdFor(caseId, period);
  story.tell(
    'ObligationOpened',
    {
      caseId,
      obligationId,
      kind: 'quarterly_reference',
      period: period as Quarter,
      opensOn: plainDate(opensOn),
      deadline: deadline(dueOn, options.nominal),
      learnedOn: plainDate(opensOn),
      historical: options.historical ?? false,
    },
    options.at,
  );
  return obligationId;
}

export function issueNotice(
  story: Story,
  { caseId, ref }: CaseCast,
  filingId: Uuid,
  receivedAt: string,
  dueOn: string,
  options: { readonly nominal?: string; readonly at?: string; readonly historical?: boolean } = {},
): Uuid {
  const noticeId = id(`notice ${filingId}`);
  story.tell(
    'NoticeIssued',
    {
      noticeId,
      number: `N-${ref}-${receivedAt.slice(0, 10)}`,
      caseId,
      centreId: id(`centre ${ref}`),
      filingId,
      versionId: filingId,
      trigger: 'quarterly_reference',
      legalBasis: 'clause 6',
      stage: 'existing',
      period: quarter('2021-Q1'),
      receivedAt: instant(receivedAt),
      receivedOn: registration('', receivedAt).receivedOn,
      deadline: deadline(dueOn, options.nominal, 'notice'),
      contents: { location: place(), powerMw: decimal('12.50'), expansionMw: null },
      historical: options.historical ?? false,
      issuedOn: registration('', receivedAt).receivedOn,
    },
    options.at,
  );
  return noticeId;
}

export const day = (text: string): PlainDate => plainDate(text);
export const at = (text: string): Instant => instant(text);
