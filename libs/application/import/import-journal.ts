import { canonicalJson, commandIdOf, derivedId, isRejection, type Actor, type Instant, type Uuid } from '#libs/kernel';
import type { Append, Draft } from '#libs/event-store';
import {
  canonicalBank,
  caseDecider,
  caseRefClaim,
  caseStream,
  journalNoClaim,
  operatorStream,
  type CaseCommand,
  type CaseContext,
  type CaseOpening,
  type CaseState,
  type FilingValues,
  type RegionCatalogue,
  type RuleSet,
} from '#libs/domain';
import type { House } from '../house.js';
import { receiptTimes, type JournalEntry } from '../intake.js';
import { requestFrom, type Request } from '../request.js';
import { advance, prepareFacts, type Loaded } from '../write-path.js';
import { appendAll } from './append-all.js';
import { concludeCases } from './conclude-cases.js';
import { isFault, judgeRow, type ReadRow, type RowValues } from './journal-row.js';
import { ImportRecord } from './record.js';

/** A row as a journal reader gives it. `ordinal` counts the data rows of the file from 1. */
export interface ImportRow {
  readonly ordinal: number;
  readonly rowNo: string;
  readonly values: RowValues;
}

export interface RowOutcome {
  readonly row: string;
  readonly outcome: 'accepted' | 'rejected';
  readonly columnAtFault: string;
  readonly reason: string;
}

export interface ImportOptions {
  readonly rules: RuleSet;
  readonly regions: RegionCatalogue;
  readonly requestHash: (canonical: string) => string;
  /** Makes it a dry run: rows are judged, what they would put on record goes here, and nothing is written. */
  readonly draft?: Pick<Draft, 'readStreams' | 'appendTogether'>;
  readonly onOutcome: (outcome: RowOutcome) => void | Promise<void>;
  /** What an accepted row says, for a replay that is going to live it. */
  readonly onAccepted?: (row: ImportRow, read: ReadRow) => void;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly filingByOwnNumber?: (journalNo: string) => Promise<JournalEntry | undefined>;
  /**
   * Where cases are found that were opened before our own references were claims. It is asked of a read model: a row whose
   * case that does not show yet is refused, since a reference of our form opens no case.
   */
  readonly caseByOwnRef?: (caseRef: string) => Promise<Uuid | undefined>;
  /** Rows judged and written together. */
  readonly chunk?: number;
}

export interface ImportProgress {
  readonly stage: 'rows' | 'duties';
  readonly rows: number;
  readonly cases: number;
  readonly casesDone: number;
}

export interface ImportSummary {
  readonly rows: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Accepted rows that were on record from an earlier run. */
  readonly known: number;
  readonly cases: number;
}

const importActor: Actor = { kind: 'service', id: 'journal-import', role: 'registrar' };

/**
 * Takes an incoming journal over as history. Rows are judged in the order of the file; a chunk goes in as one step, so
 * that a crash leaves whole rows, and the same file again finds them by what they say and where they stand. When all
 * rows are in, the duties of the touched cases are judged and their notices listed as historical. Nothing is alerted.
 */
export async function importJournal(
  house: House,
  rows: AsyncIterable<ImportRow>,
  options: ImportOptions,
): Promise<ImportSummary> {
  await house.lawBook.refresh();
  const store = options.draft ?? house.writePath.store;
  const { filingByOwnNumber = async () => undefined, caseByOwnRef = async () => undefined } = options;
  const record = new ImportRecord(store, filingByOwnNumber, caseByOwnRef);
  const touched = new Set<Uuid>();
  let [count, accepted, known] = [0, 0, 0];
  let file: string | undefined;

  for await (const chunk of chunksOf(rows, options.chunk ?? 1000)) {
    file ??= options.requestHash(canonicalJson({ journal: chunk[0]!.values }));
    await record.prepare(
      file,
      chunk.map(({ values }) => keysOf(values)),
    );
    const appends: Append[] = [];
    for (const row of chunk) {
      const judged = await takeRow(house, row, file, record, options, appends);
      count++;
      if (judged.outcome === 'rejected') {
        await options.onOutcome({ row: row.rowNo, ...judged });
        continue;
      }
      accepted++;
      if (judged.known) known++;
      touched.add(judged.caseId);
      await options.onOutcome({ row: row.rowNo, outcome: 'accepted', columnAtFault: '', reason: '' });
    }
    await appendAll(store, appends);
    options.onProgress?.({ stage: 'rows', rows: count, cases: touched.size, casesDone: 0 });
  }
  if (!options.draft)
    await concludeCases(house, [...touched], (casesDone) =>
      options.onProgress?.({ stage: 'duties', rows: count, cases: touched.size, casesDone }),
    );
  return { rows: count, accepted, rejected: count - accepted, known, cases: touched.size };
}

type Taken =
  | { readonly outcome: 'accepted'; readonly caseId: Uuid; readonly known: boolean }
  | { readonly outcome: 'rejected'; readonly columnAtFault: string; readonly reason: string };

async function takeRow(
  house: House,
  row: ImportRow,
  file: string,
  record: ImportRecord,
  options: ImportOptions,
  appends: Append[],
): Promise<Taken> {
  const now = house.clock.now();
  const request = rowRequest(row, now, options.requestHash);
  const journalNo = row.values['journal_no'] ?? '';
  record.standAt(row.ordinal);
  const knownCase = record.takenBy(request.commandId, journalNo);
  if (knownCase) return { outcome: 'accepted', caseId: knownCase, known: true };

  const judging = { rules: options.rules, regions: options.regions, now };
  let judged = judgeRow(row.values, record, judging);
  if (!isFault(judged) && record.hides(judged, request.commandId)) {
    record.seeAll();
    judged = judgeRow(row.values, record, judging);
  }
  if (isFault(judged)) return { outcome: 'rejected', columnAtFault: judged.column, reason: judged.reason };

  const existing = record.caseByRef(judged.caseRef);
  const caseId = existing?.caseId ?? derivedId(request.commandId, 'case');
  const loaded = record.loaded(caseId);
  const rules = loaded.state.situation === 'none' ? options.rules : house.lawBook.rulesOf(loaded.state);
  const opening: CaseOpening | undefined = existing
    ? undefined
    : { caseId, caseRef: judged.caseRef, operatorBin: judged.operatorBin, location: judged.location };
  const command = await commandOf(house, judged, request, rules, opening, options.draft === undefined);
  const context: CaseContext = {
    ...house.lawBook.circumstancesUnder(rules),
    now,
    historical: true,
    assess: false,
  };
  const facts = caseDecider.decide(loaded.state, command, context);
  if (isRejection(facts))
    return { outcome: 'rejected', columnAtFault: columnOf(facts.fields?.[0]?.pointer), reason: facts.message };

  const calendar = house.lawBook.calendar(rules.calendarId);
  const meta = {
    ruleSet: { id: rules.id, hash: rules.hash },
    calendar: { id: calendar.id, version: calendar.version },
  };
  const prepared = { request, meta };
  const entry = journalEntryOf(judged, caseId, command);
  const stream = caseStream(caseId);
  const place = { file, ordinal: row.ordinal };
  const claim = (name: string, type: string, data: object): Append => ({
    stream: name,
    expected: 'none',
    facts: prepareFacts(name, [{ type, data }], prepared, undefined, now),
  });
  appends.push(
    claim(journalNoClaim(judged.journalNo), 'JournalNoClaimed', { journalNo: judged.journalNo, ...entry, place }),
  );
  if (opening)
    appends.push(claim(caseRefClaim(opening.caseRef), 'CaseRefClaimed', { caseRef: opening.caseRef, caseId, place }));
  if (!record.operatorKnown(judged.operatorBin))
    appends.push(
      claim(operatorStream(judged.operatorBin), 'OperatorRegistered', {
        bin: judged.operatorBin,
        name: judged.operatorName || judged.operatorBin,
        language: 'ru',
        contacts: null,
      }),
    );
  const own: Append = {
    stream,
    expected: loaded.revision === -1 ? 'none' : loaded.revision,
    facts: prepareFacts(stream, facts, prepared, loaded.recordedAt, now),
  };
  appends.push(own);
  options.onAccepted?.(
    row,
    entry.entry === 'filing' && entry.filingId ? { ...judged, filingId: entry.filingId } : judged,
  );
  const after: Loaded<CaseState> = advance(loaded, caseDecider, own.facts, loaded.revision + facts.length, undefined);
  record.add({
    caseRef: judged.caseRef,
    caseId,
    loaded: after,
    journalNo: judged.journalNo,
    entry,
    commandId: request.commandId,
    operatorBin: judged.operatorBin,
  });
  return { outcome: 'accepted', caseId, known: false };
}

/** The row is known again by its place in the file and all it says; keyed, since it may say an account number. */
function rowRequest(row: ImportRow, now: Instant, hash: (canonical: string) => string): Request {
  const content = { useCase: 'import-journal-row', input: { ordinal: row.ordinal, values: row.values } };
  const request = requestFrom({ actor: importActor, channel: 'import', content, arrivedAt: now }, hash);
  const commandId = commandIdOf(importActor.id, request.requestHash);
  return { ...request, commandId, correlationId: commandId, causationId: commandId };
}

async function commandOf(
  house: House,
  row: ReadRow,
  request: Request,
  rules: RuleSet,
  opening: CaseOpening | undefined,
  sealing: boolean,
): Promise<CaseCommand> {
  const calendar = house.lawBook.calendar(rules.calendarId);
  const registration = {
    journalNo: row.journalNo,
    channel: row.channel,
    ...(row.submittedAt ? { submittedAt: row.submittedAt } : {}),
    ...receiptTimes(row.received, rules, calendar),
  };
  const { location } = row;
  const note = row.note === '' ? {} : { reason: row.note };
  switch (row.kind) {
    case 'commissioning':
      return {
        type: 'RecordCommissioning',
        entryId: derivedId(request.commandId, 'commissioning'),
        registration,
        location,
        ...row.commissioning!,
        ...(opening ? { opening } : {}),
      };
    case 'withdrawal':
      return {
        type: 'WithdrawFiling',
        filingId: row.corrects!.filingId,
        withdrawalId: derivedId(request.commandId, 'withdrawal'),
        registration,
        ...note,
      };
    case 'correction':
      return {
        type: 'CorrectFiling',
        filingId: row.corrects!.filingId,
        versionId: derivedId(request.commandId, 'version'),
        registration,
        location,
        values: await sealed(house, row, sealing),
        leftOut: 'cleared',
        ...note,
      };
    default:
      return {
        type: 'RecordFiling',
        filingId: derivedId(request.commandId, 'filing'),
        registration,
        location,
        values: await sealed(house, row, sealing),
        ...(opening ? { opening } : {}),
      };
  }
}

/** A dry run seals nothing: the key of a new operator would stay. */
async function sealed(house: House, row: ReadRow, sealing: boolean): Promise<FilingValues> {
  const values = row.values!;
  if (values.kind !== 'planned_construction' || !row.bankDetails || !sealing) return values;
  return { ...values, bank: await house.sealer.seal(row.operatorBin, canonicalBank(row.bankDetails)) };
}

function journalEntryOf(row: ReadRow, caseId: Uuid, command: CaseCommand): JournalEntry {
  switch (row.kind) {
    case 'commissioning':
      return { entry: 'commissioning', caseId };
    case 'correction':
      return { entry: 'change', caseId, filingId: row.corrects!.filingId };
    case 'withdrawal':
      return { entry: 'withdrawal', caseId, filingId: row.corrects!.filingId };
    default:
      return command.type === 'RecordFiling'
        ? { entry: 'filing', caseId, filingId: command.filingId }
        : { entry: 'filing', caseId };
  }
}

/** A row was judged by all that the decider asks; should the two ever differ, the decider's word is shown. */
const columnOf = (pointer: string | undefined) =>
  (pointer ?? '/corrects').slice(1).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const keysOf = (values: RowValues) => ({
  journalNo: values['journal_no'] ?? '',
  corrects: values['corrects'] ?? '',
  caseRef: values['case_ref'] ?? '',
  operatorBin: values['operator_bin'] ?? '',
});

async function* chunksOf<T>(items: AsyncIterable<T>, size: number): AsyncIterable<T[]> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
