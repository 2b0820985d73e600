import { readFileSync } from 'node:fs';
import path from 'node:path';
import type pg from 'pg';
import type { DeadlineTrace } from '#libs/domain';
import { comparePositions, type EventStore, type Position, type RecordedFact } from '#libs/event-store';
import { loadRules, rulesDataDir } from '#libs/rules';
import { naiveAfter, naivePlanned, naiveQuarterly, type NaiveCalendar } from '../campaigns/dates/naive.js';

/** One line per thing that is not as it must be; at most this many of a kind. */
const most = 20;

/** What a load generator was told: these facts are in the log, here. */
export interface LedgerEntry {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position?: string;
}

async function* facts(store: EventStore): AsyncIterable<RecordedFact> {
  for await (const batch of store.readAll({ batchSize: 2000 })) yield* batch;
}

/**
 * I3: positions count from 1 without holes, revisions of every stream from 0; no fact is there twice.
 * @param counted false for an engine whose positions only rise
 */
export async function checkOrder(store: EventStore, counted = true): Promise<string[]> {
  const findings: string[] = [];
  const next = new Map<string, number>();
  const ids = new Set<string>();
  const recordedAt = new Map<string, string>();
  let last: Position | undefined;
  for await (const fact of facts(store)) {
    if (findings.length >= most) break;
    const { position } = fact;
    if (
      counted ? Number(position) !== Number(last ?? 0) + 1 : last !== undefined && comparePositions(last, position) > 0
    )
      findings.push(`I3: position ${position} came after ${last}`);
    last = position;
    const expected = next.get(fact.stream) ?? 0;
    if (fact.revision !== expected)
      findings.push(`I3: ${fact.stream} has ${fact.revision} where ${expected} was to come`);
    next.set(fact.stream, fact.revision + 1);
    if (ids.has(fact.id)) findings.push(`I3: the fact ${fact.id} is in the log twice`);
    ids.add(fact.id);
    if (fact.recordedAt < (recordedAt.get(fact.stream) ?? '')) findings.push(`I3: time goes back in ${fact.stream}`);
    recordedAt.set(fact.stream, fact.recordedAt);
  }
  return findings;
}

/**
 * I1 and I2: all that was acknowledged is in the log where it was said to be, and nothing is there that was neither
 * acknowledged nor left unanswered (`attempted`).
 */
export async function checkLedger(
  store: EventStore,
  acknowledged: ReadonlyMap<string, LedgerEntry>,
  attempted: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const findings: string[] = [];
  let found = 0;
  for await (const { id, stream, revision, position } of facts(store)) {
    if (findings.length >= most) break;
    const entry = acknowledged.get(id);
    if (entry === undefined) {
      if (!attempted.has(id)) findings.push(`I2: nobody wrote ${stream}/${revision} (${id})`);
      continue;
    }
    found += 1;
    if (entry.stream !== stream || entry.revision !== revision)
      findings.push(`I1: ${id} was acknowledged as ${entry.stream}/${entry.revision} and is ${stream}/${revision}`);
    if (entry.position !== undefined && entry.position !== position)
      findings.push(`I1: ${id} was acknowledged at ${entry.position} and is at ${position}`);
  }
  if (findings.length === 0 && found !== acknowledged.size)
    findings.push(`I1: ${acknowledged.size - found} acknowledged facts are not in the log`);
  return findings;
}

/** Every row of the read models as text, by table. `pool` may read the schema `read`. */
export async function dumpReadModels(pool: pg.Pool): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'read' and table_type = 'BASE TABLE'
     and table_name !~ '__g\\d+$' and table_name not in ('checkpoint', 'parked', 'model_table', 'migrations') order by 1`,
  );
  const dump = new Map<string, readonly string[]>();
  for (const { name } of tables) {
    const { rows } = await pool.query<{ row: string }>(
      `select to_jsonb(t)::text as row from read."${name}" t order by 1`,
    );
    dump.set(
      name,
      rows.map(({ row }) => row),
    );
  }
  return dump;
}

/** I4: the tables as they are, and as a fresh fold of the whole log makes them, row by row. Nothing may write meanwhile. */
export async function checkReadModels(pool: pg.Pool, rebuild: () => Promise<unknown>): Promise<string[]> {
  const findings: string[] = [];
  const before = await dumpReadModels(pool);
  await rebuild();
  const after = await dumpReadModels(pool);
  if (before.size === 0) findings.push('I4: there are no read models to compare');
  for (const [table, rows] of before) {
    const fresh = after.get(table) ?? [];
    if (rows.length === fresh.length && rows.every((row, n) => row === fresh[n])) continue;
    const [had, has] = [new Set(rows), new Set(fresh)];
    const only = rows.find((row) => !has.has(row));
    const missing = fresh.find((row) => !had.has(row));
    findings.push(
      `I4: read.${table} differs from a fresh fold (${rows.length} and ${fresh.length} rows): ${only ?? '-'} against ${missing ?? '-'}`,
    );
  }
  return findings;
}

/** I5: at most one notice per filing version, one alert per obligation, term and step, one miss at a time; each sent once. */
export async function checkEffects(store: EventStore): Promise<string[]> {
  const findings: string[] = [];
  const seen = new Set<string>();
  const once = (what: string) => {
    if (seen.has(what) && findings.length < most) findings.push(`I5: twice: ${what}`);
    seen.add(what);
  };
  for await (const fact of facts(store)) {
    const data = fact.data as {
      caseId?: string;
      filingId?: string;
      versionId?: string;
      alertId?: string;
      audience?: unknown;
      subject?: { id: string };
      step?: string;
      dueOn?: string;
      obligationId?: string;
      channel?: string;
    };
    switch (fact.type) {
      case 'PlannedConstructionFiled':
      case 'QuarterlyReferenceFiled':
      case 'TerminationFiled':
        once(`filing ${data.filingId} in ${data.caseId}`);
        break;
      case 'NoticeIssued':
        once(`notice of version ${data.versionId}`);
        break;
      case 'NoticeSent':
      case 'NoticeDelivered':
        // What an officer brought by hand stands beside what the system did itself.
        once(`${fact.type}${data.channel === 'by-hand' ? ' by hand' : ''} in ${fact.stream}`);
        break;
      case 'NoticeTermBreached':
        once(`breach of ${fact.stream}`);
        break;
      case 'AlertRaised':
        // A duty is opened once; its other steps belong to a due day, and an order that moves it begins a new term.
        once(`alert ${data.subject?.id} ${data.step} ${data.step === 'opened' ? '' : data.dueOn}`);
        break;
      case 'AlertSent':
        once(`alert ${data.alertId} sent to ${String(data.audience)}`);
        break;
      case 'ObligationOpened':
        once(`obligation ${data.obligationId} opened`);
        break;
      case 'ObligationMissed':
        once(`miss of ${data.obligationId}`);
        break;
      case 'MissRescinded':
        seen.delete(`miss of ${data.obligationId}`);
        break;
      default:
        break;
    }
  }
  return findings;
}

interface FileOfDays {
  readonly from: string;
  readonly to: string;
  readonly days: readonly { readonly date: string; readonly kind: string }[];
}

/** I7: every deadline in the log that stands on the shipped calendar and on no order agrees with the naive reckoning. */
export async function checkDeadlines(store: EventStore): Promise<{ findings: string[]; checked: number }> {
  const file = (name: string) => JSON.parse(readFileSync(path.join(rulesDataDir(), name), 'utf8')) as FileOfDays;
  const read = file('calendar-kz.json');
  const kinds: { [day: string]: string } = {};
  for (const { date, kind } of [...file('calendar-kz-computed.json').days, ...read.days]) kinds[date] = kind;
  const calendar: NaiveCalendar = { weekend: [6, 0], kinds, readFrom: read.from, readTo: read.to, certain: {} };
  const shipped = loadRules().calendar('kz').version;

  const findings: string[] = [];
  let checked = 0;
  for await (const fact of facts(store)) {
    const deadline = (fact.data as { deadline?: { trace: DeadlineTrace } | null }).deadline;
    if (!deadline) continue;
    const { trace } = deadline;
    if (trace.calendar.version !== shipped) continue;
    const due = trace.earlierExtensions?.[0]?.insteadOf ?? trace.extendedBy?.insteadOf ?? trace.dueOn;
    const naive = reckon(trace, calendar);
    checked += 1;
    if ((naive.nominal !== trace.nominalOn || naive.due !== due) && findings.length < most)
      findings.push(
        `I7: ${fact.stream}/${fact.revision} ${trace.clause} ${trace.trigger.on}: ${trace.nominalOn}/${due} against ${naive.nominal}/${naive.due}`,
      );
  }
  return { findings, checked };
}

function reckon({ trigger, length, roll, reading }: DeadlineTrace, calendar: NaiveCalendar) {
  const rolls = roll !== 'none';
  if ('byDay' in length) {
    const [year, month] = trigger.on.split('-').map(Number) as [number, number];
    return naiveQuarterly(
      { byDay: length.byDay, itself: length.dayItselfCounts, roll: rolls },
      calendar,
      year,
      month - 2,
    );
  }
  if (length.counted === 'back')
    return naivePlanned(
      { before: reading === 'AT_LEAST_BEFORE', days: length.days, roll: rolls },
      calendar,
      trigger.on,
    );
  return naiveAfter({ days: length.days, roll: rolls }, calendar, trigger.on);
}
