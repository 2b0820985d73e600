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

  async getCase(caller: Caller, caseId: Uuid): Promise<OpenFile> {
    let { state } = await this.house.writePath.load(caseStream(caseId), caseDecider);
    if (!visibleTo(caller, state))
      // It may have been opened or transferred by another process since it was cached here.
      ({ state } = await this.house.writePath.fresh(caseStream(caseId), caseDecider));
    if (!visibleTo(caller, state)) throw notFound('case');
    return state;
  }

  /** As stored now, past any cache: for answers with an ETag. */
  async getCaseNow(caller: Caller, caseId: Uuid): Promise<OpenFile> {
    const { state } = await this.house.writePath.fresh(caseStream(caseId), caseDecider);
    if (!visibleTo(caller, state)) throw notFound('case');
    return state;
  }

  async getCaseIdByRef(caller: Caller, caseRef: string): Promise<Uuid> {
    const caseId = await this.find(() => this.registers.caseByRef(caseRef));
    if (caseId === undefined) throw notFound('case');
    await this.getCase(caller, caseId);
    return caseId;
  }

  async getFiling(
    caller: Caller,
    filingId: Uuid,
    now = false,
  ): Promise<{ readonly file: CaseFile; readonly filing: Filing }> {
    const caseId = await this.find(() => this.registers.caseOfFiling(filingId));
    if (caseId === undefined) throw notFound('filing');
    for (const fresh of now ? [true] : [false, true]) {
      const { file } = await this.stateOfFiling(caller, caseId, fresh);
      const filing = file.filings.get(filingId);
      if (filing) return { file, filing };
      // Another process may have filed it since the case was cached here.
    }
    throw notFound('filing');
  }

  private async stateOfFiling(caller: Caller, caseId: Uuid, now: boolean): Promise<OpenFile> {
    try {
      const state = await (now ? this.getCaseNow(caller, caseId) : this.getCase(caller, caseId));
      // The filings of a duplicate case live on in the case it was merged into.
      return state.situation === 'merged' ? await this.stateOfFiling(caller, state.into, now) : state;
    } catch (error) {
      throw asUnknown(error, 'filing');
    }
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

const visibleTo = (caller: Caller, state: CaseState): state is OpenFile =>
  state.situation !== 'none' && (caller.operatorBin === undefined || state.file.operatorBin === caller.operatorBin);

/** A case that is not there is, to who asked for something in it, that something not being there; other errors stay. */
const asUnknown = (error: unknown, what: string): unknown =>
  error instanceof RejectedError && error.rejection.kind === 'not-found' ? notFound(what) : error;
