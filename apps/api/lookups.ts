import { RejectedError, type Uuid } from '#libs/kernel';
import { caseDecider, caseStream, type CaseFile, type CaseState, type Filing } from '#libs/domain';
import type { House } from '#libs/application';
import type { Caller } from './exchange.js';
import { notFound } from './faults.js';

/** What only the read models know; asked again once they caught up with the log before a thing counts as unknown. */
export interface Registers {
  caseOfFiling(filingId: Uuid): Promise<Uuid | undefined>;
  caseOfObligation(obligationId: Uuid): Promise<Uuid | undefined>;
  caseByRef(caseRef: string): Promise<Uuid | undefined>;
  /** Resolves when every register shows all that was in the log when it was called, or after the patience of a request. */
  catchUp(): Promise<void>;
}

interface FoundFiling {
  readonly file: CaseFile;
  readonly filing: Filing;
}

type Look = (caseId: Uuid) => Promise<CaseState>;

export type OpenFile = Exclude<CaseState, { situation: 'none' }>;

/**
 * Finds what a request names, for the one who asks: what an operator may not see is as unknown to it as what does not
 * exist, so that no answer tells whether a case of somebody else is there.
 */
export class Lookups {
  constructor(
    private readonly house: House,
    private readonly registers: Registers,
  ) {}

  private readonly cached: Look = async (caseId) =>
    (await this.house.writePath.load(caseStream(caseId), caseDecider)).state;

  private readonly stored: Look = async (caseId) =>
    (await this.house.writePath.fresh(caseStream(caseId), caseDecider)).state;

  async getCase(caller: Caller, caseId: Uuid): Promise<OpenFile> {
    let state = await this.cached(caseId);
    // It may have been opened or transferred by another process since it was cached here.
    if (!visibleTo(caller, state)) state = await this.stored(caseId);
    if (!visibleTo(caller, state)) throw notFound('case');
    return state;
  }

  /** As stored now, past any cache: for answers with an ETag. */
  async getCaseNow(caller: Caller, caseId: Uuid): Promise<OpenFile> {
    const state = await this.stored(caseId);
    if (!visibleTo(caller, state)) throw notFound('case');
    return state;
  }

  async getCaseIdByRef(caller: Caller, caseRef: string): Promise<Uuid> {
    const caseId = await this.find(() => this.registers.caseByRef(caseRef));
    if (caseId === undefined) throw notFound('case');
    await this.getCase(caller, caseId);
    return caseId;
  }

  /** A filing of a case that is the caller's, to be changed. */
  async getFiling(caller: Caller, filingId: Uuid): Promise<FoundFiling> {
    const found = await this.findFiling(this.cached, filingId);
    if (found && isOwn(caller, found.file.operatorBin)) return found;
    // Another process may have filed it, or transferred the case, since it was cached here.
    return this.getFilingNow(caller, filingId);
  }

  /** As stored now, past any cache. */
  async getFilingNow(caller: Caller, filingId: Uuid): Promise<FoundFiling> {
    const found = await this.findFiling(this.stored, filingId);
    if (!found || !isOwn(caller, found.file.operatorBin)) throw notFound('filing');
    return found;
  }

  /** As stored now, to be read: who filed it may do so when the case has passed to another, too. */
  async getFilingToRead(caller: Caller, filingId: Uuid): Promise<FoundFiling> {
    const found = await this.findFiling(this.stored, filingId);
    if (!found || !(isOwn(caller, found.file.operatorBin) || isOwn(caller, found.filing.filedBy)))
      throw notFound('filing');
    return found;
  }

  private async findFiling(look: Look, filingId: Uuid): Promise<FoundFiling | undefined> {
    const caseId = await this.find(() => this.registers.caseOfFiling(filingId));
    return caseId && filingIn(look, caseId, filingId);
  }

  async getCaseOfObligation(caller: Caller, obligationId: Uuid): Promise<CaseFile> {
    const caseId = await this.find(() => this.registers.caseOfObligation(obligationId));
    if (caseId === undefined) throw notFound('obligation');
    try {
      const { file } = await this.getCase(caller, caseId);
      return file.obligations.has(obligationId) ? file : (await this.getCaseNow(caller, caseId)).file;
    } catch (error) {
      throw asUnknown(error, 'obligation');
    }
  }

  private async find<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
    const found = await look();
    if (found !== undefined) return found;
    await this.registers.catchUp();
    return look();
  }
}

/** The filings of a duplicate case live on in the case it was merged into. */
async function filingIn(look: Look, caseId: Uuid, filingId: Uuid): Promise<FoundFiling | undefined> {
  const state = await look(caseId);
  if (state.situation === 'none') return undefined;
  if (state.situation === 'merged') return filingIn(look, state.into, filingId);
  const filing = state.file.filings.get(filingId);
  return filing && { file: state.file, filing };
}

const isOwn = (caller: Caller, operatorBin: string): boolean =>
  caller.operatorBin === undefined || caller.operatorBin === operatorBin;

const visibleTo = (caller: Caller, state: CaseState): state is OpenFile =>
  state.situation !== 'none' && isOwn(caller, state.file.operatorBin);

/** A case that is not there is, to who asked for something in it, that something not being there; other errors stay. */
const asUnknown = (error: unknown, what: string): unknown =>
  error instanceof RejectedError && error.rejection.kind === 'not-found' ? notFound(what) : error;
