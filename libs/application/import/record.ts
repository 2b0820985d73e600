import type { Uuid } from '#libs/kernel';
import type { EventStore, RecordedFact } from '#libs/event-store';
import {
  caseDecider,
  caseRefClaim,
  caseStream,
  journalNoClaim,
  operatorDecider,
  operatorStream,
  type CaseState,
} from '#libs/domain';
import { ownCaseRef } from '../house.js';
import { ownNumber, type JournalEntry } from '../intake.js';
import { foldStream, type Loaded } from '../write-path.js';
import type { OnRecord } from './journal-row.js';

/** Where in which file an imported row stood that made a claim. */
export interface RowPlace {
  /** Names the file by its first row. */
  readonly file: string;
  readonly ordinal: number;
}

interface Known<T> {
  readonly value: T;
  readonly commandId: Uuid;
  readonly place?: RowPlace;
}

/**
 * What rows are judged against: the log, read a chunk of rows ahead, with what the chunk itself adds laid over it. A row
 * may speak of earlier rows only: when the same file is run again, what its later rows had put on record is not seen,
 * so that every row is judged as it was the first time; only a row that was changed since, and would claim what a later
 * one has, is judged by all there is.
 * Cases are kept between chunks (least recently used go first), so memory stays steady however long the journal is.
 */
export class ImportRecord implements OnRecord {
  private readonly cases = new Map<Uuid, Loaded<CaseState>>();
  private entries = new Map<string, Known<JournalEntry>>();
  private refs = new Map<string, Known<Uuid>>();
  private ordinal = 0;
  private sight: 'earlier' | 'all' = 'earlier';
  private operators = new Set<string>();

  constructor(
    private readonly store: Pick<EventStore, 'readStreams'>,
    /** Filings under numbers of our own have no claim; the filing register knows them. */
    private readonly filingByOwnNumber: (journalNo: string) => Promise<JournalEntry | undefined>,
    /** Cases opened before our own references were claims have none; the case overview knows them. */
    private readonly caseByOwnRef: (caseRef: string) => Promise<Uuid | undefined>,
    private readonly capacity = 8_000,
  ) {}

  /** Reads what a chunk of rows may ask for. */
  async prepare(
    file: string,
    rows: readonly {
      readonly journalNo: string;
      readonly corrects: string;
      readonly caseRef: string;
      readonly operatorBin: string;
    }[],
  ): Promise<void> {
    this.entries = new Map();
    this.refs = new Map();
    this.operators = new Set();
    const numbers = new Set(rows.flatMap((row) => [row.journalNo, row.corrects]).filter(usable));
    const refs = new Set(rows.map((row) => row.caseRef).filter(usable));
    const bins = new Set(rows.map((row) => row.operatorBin).filter((bin) => /^\d{12}$/.test(bin)));
    const facts = await this.store.readStreams([
      ...[...numbers].map(journalNoClaim),
      ...[...refs].map(caseRefClaim),
      ...[...bins].map(operatorStream),
    ]);
    const claimed = (stream: string): Known<RecordedFact['data']> | undefined => {
      const fact = facts.get(stream)?.[0];
      if (!fact) return undefined;
      const { place } = fact.data as { place?: RowPlace };
      return { value: fact.data, commandId: fact.meta.commandId, ...(place?.file === file ? { place } : {}) };
    };
    for (const number of numbers) {
      const claim = claimed(journalNoClaim(number));
      if (claim) this.entries.set(number, { ...claim, value: claim.value as JournalEntry });
      else if (ownNumber.test(number)) {
        const own = await this.filingByOwnNumber(number);
        if (own) this.entries.set(number, { value: own, commandId: '' as Uuid });
      }
    }
    const needed = new Set<Uuid>();
    for (const ref of refs) {
      const claim = claimed(caseRefClaim(ref));
      if (claim) this.refs.set(ref, { ...claim, value: (claim.value as { caseId: Uuid }).caseId });
      else if (ownCaseRef.test(ref)) {
        const own = await this.caseByOwnRef(ref);
        if (own) this.refs.set(ref, { value: own, commandId: '' as Uuid });
      }
    }
    for (const { value } of this.refs.values()) needed.add(value);
    for (const { value } of this.entries.values()) if (value.caseId) needed.add(value.caseId);
    for (const bin of bins)
      if (foldStream(operatorDecider, facts.get(operatorStream(bin)) ?? []).state.situation === 'registered')
        this.operators.add(bin);
    await this.loadCases([...needed].filter((caseId) => !this.cases.has(caseId)));
    this.evict(needed);
  }

  private async loadCases(caseIds: readonly Uuid[]): Promise<void> {
    const streams = await this.store.readStreams(caseIds.map(caseStream));
    for (const caseId of caseIds)
      this.cases.set(caseId, foldStream(caseDecider, streams.get(caseStream(caseId)) ?? []));
  }

  private evict(needed: ReadonlySet<Uuid>): void {
    for (const caseId of this.cases.keys()) {
      if (this.cases.size <= this.capacity) return;
      if (!needed.has(caseId)) this.cases.delete(caseId);
    }
  }

  /** The row that is judged next. */
  standAt(ordinal: number): void {
    this.ordinal = ordinal;
    this.sight = 'earlier';
  }

  /** Whether the row would claim a number or a reference that another row has, which it does not see. */
  hides({ journalNo, caseRef }: { readonly journalNo: string; readonly caseRef: string }, commandId: Uuid): boolean {
    const claimed: readonly (Known<unknown> | undefined)[] = [this.entries.get(journalNo), this.refs.get(caseRef)];
    return claimed.some(
      (known) => known !== undefined && known.commandId !== commandId && this.seen(known) === undefined,
    );
  }

  seeAll(): void {
    this.sight = 'all';
  }

  private seen<T>(known: Known<T> | undefined): T | undefined {
    const isSeen = known && (this.sight === 'all' || known.place === undefined || known.place.ordinal < this.ordinal);
    return isSeen ? known.value : undefined;
  }

  caseByRef(caseRef: string) {
    const caseId = this.seen(this.refs.get(caseRef));
    if (caseId === undefined) return undefined;
    const { state } = this.loaded(caseId);
    // Where the engine appends one stream after the other, a crash may have left a claim whose case got the next number.
    if (ownCaseRef.test(caseRef) && (state.situation === 'none' || state.file.caseRef !== caseRef)) return undefined;
    return { caseId, state };
  }

  caseById(caseId: Uuid): CaseState | undefined {
    return this.cases.get(caseId)?.state;
  }

  journalEntry(journalNo: string): JournalEntry | undefined {
    return this.seen(this.entries.get(journalNo));
  }

  /** The case of the row, when this very row took the journal number in an earlier run. */
  takenBy(commandId: Uuid, journalNo: string): Uuid | undefined {
    const known = this.entries.get(journalNo);
    if (known?.commandId !== commandId) return undefined;
    const { caseId } = known.value;
    // Where the engine appends one stream after the other, a crash may have left the claim without what it is for.
    return caseId !== undefined && this.loaded(caseId).commands.has(commandId) ? caseId : undefined;
  }

  loaded(caseId: Uuid): Loaded<CaseState> {
    return this.cases.get(caseId) ?? foldStream(caseDecider, []);
  }

  operatorKnown(bin: string): boolean {
    return this.operators.has(bin);
  }

  /** Lays over what an accepted row of this chunk adds. */
  add(change: {
    readonly caseRef: string;
    readonly caseId: Uuid;
    readonly loaded: Loaded<CaseState>;
    readonly journalNo: string;
    readonly entry: JournalEntry;
    readonly commandId: Uuid;
    readonly operatorBin: string;
  }): void {
    this.cases.delete(change.caseId);
    this.cases.set(change.caseId, change.loaded);
    this.refs.set(change.caseRef, { value: change.caseId, commandId: change.commandId });
    this.entries.set(change.journalNo, { value: change.entry, commandId: change.commandId });
    this.operators.add(change.operatorBin);
  }
}

const usable = (text: string) => text !== '' && text.length <= 100;
