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
import type { JournalEntry } from '../intake.js';
import { foldStream, type Loaded } from '../write-path.js';
import type { OnRecord } from './journal-row.js';

/**
 * What rows are judged against: the log, read a chunk of rows ahead, with what the chunk itself adds laid over it.
 * Cases are kept between chunks (least recently used go first), so memory stays steady however long the journal is.
 */
export class ImportRecord implements OnRecord {
  private readonly cases = new Map<Uuid, Loaded<CaseState>>();
  private entries = new Map<string, { readonly entry: JournalEntry; readonly commandId: Uuid }>();
  private refs = new Map<string, Uuid>();
  private operators = new Set<string>();

  constructor(
    private readonly store: EventStore,
    /** Filings under numbers of our own have no claim; the filing register knows them. */
    private readonly filingByOwnNumber: (journalNo: string) => Promise<JournalEntry | undefined>,
    private readonly capacity = 30_000,
  ) {}

  /** Reads what a chunk of rows may ask for. */
  async prepare(
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
    const first = (stream: string): RecordedFact | undefined => facts.get(stream)?.[0];
    for (const number of numbers) {
      const claim = first(journalNoClaim(number));
      if (claim) this.entries.set(number, { entry: claim.data as JournalEntry, commandId: claim.meta.commandId });
      else {
        const own = await this.filingByOwnNumber(number);
        if (own) this.entries.set(number, { entry: own, commandId: '' as Uuid });
      }
    }
    const needed = new Set<Uuid>();
    for (const ref of refs) {
      const claim = first(caseRefClaim(ref));
      if (!claim) continue;
      const { caseId } = claim.data as { caseId: Uuid };
      this.refs.set(ref, caseId);
      needed.add(caseId);
    }
    for (const { entry } of this.entries.values()) if (entry.caseId) needed.add(entry.caseId);
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

  caseByRef(caseRef: string) {
    const caseId = this.refs.get(caseRef);
    return caseId && { caseId, state: this.loaded(caseId).state };
  }

  caseById(caseId: Uuid): CaseState | undefined {
    return this.cases.get(caseId)?.state;
  }

  journalEntry(journalNo: string): JournalEntry | undefined {
    return this.entries.get(journalNo)?.entry;
  }

  /** The command that took a journal number, '' where the system gave the number itself. */
  commandOf(journalNo: string): Uuid | undefined {
    return this.entries.get(journalNo)?.commandId;
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
    this.refs.set(change.caseRef, change.caseId);
    this.entries.set(change.journalNo, { entry: change.entry, commandId: change.commandId });
    this.operators.add(change.operatorBin);
  }

  forgetCases(): void {
    this.cases.clear();
  }
}

const usable = (text: string) => text !== '' && text.length <= 100;
