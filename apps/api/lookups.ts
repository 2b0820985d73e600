import type { Uuid } from '#libs/kernel';
import { caseDecider, caseStream, ownerOfDuty, type CaseFile, type CaseState, type Filing } from '#libs/domain';
import type { House } from '#libs/application';
import type { Caller } from './exchange.js';
import { notFound, refuse } from './faults.js';

/** What only the read models know; asked again once they caught up with the log before a thing counts as unknown. */
export interface Registers {
  caseOfFiling(filingId: Uuid): Promise<Uuid | undefined>;
  caseOfObligation(obligationId: Uuid): Promise<Uuid | undefined>;
  caseByRef(caseRef: string): Promise<Uuid | undefined>;
  /** Looks again once every register shows all that was in the log, before a thing counts as unknown. */
  found<T>(look: () => Promise<T | undefined>): Promise<T | undefined>;
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

  /** To file in it: a former operator may still file what it owed, which the decider judges. */
  async checkCaseToFileIn(caller: Caller, caseId: Uuid): Promise<void> {
    if (visibleTo(caller, await this.cached(caseId))) return;
    const state = await this.stored(caseId);
    const held = state.situation === 'none' ? [] : state.file.formerOperators;
    if (!visibleTo(caller, state) && !held.some(({ bin }) => bin === caller.operatorBin)) throw notFound('case');
  }

  async getCaseIdByRef(caseRef: string): Promise<Uuid> {
    const caseId = await this.registers.found(() => this.registers.caseByRef(caseRef));
    if (caseId === undefined) throw notFound('case');
    return caseId;
  }

  /** As stored now, to be read: by whose case it is, and by who filed it also when the case has passed to another. */
  async getFilingToRead(caller: Caller, filingId: Uuid): Promise<FoundFiling> {
    const found = await this.findFiling(this.stored, filingId);
    if (!found || !(isOwn(caller, found.file.operatorBin) || isOwn(caller, found.filing.filedBy)))
      throw notFound('filing');
    return found;
  }

  /** Of operators, who filed it may change it and nobody else, whosever the case is now. */
  async getFilingToChange(caller: Caller, filingId: Uuid): Promise<FoundFiling> {
    const found = await this.findFiling(this.cached, filingId);
    // Another process may have filed it since the case was cached here; who filed it never changes.
    if (found && isOwn(caller, found.filing.filedBy)) return found;
    const { file, filing } = await this.getFilingToRead(caller, filingId);
    if (!isOwn(caller, filing.filedBy))
      throw refuse('forbidden', 'other-filer', 'a filing is changed by the operator who filed it, or by the registry');
    return { file, filing };
  }

  private async findFiling(look: Look, filingId: Uuid): Promise<FoundFiling | undefined> {
    const caseId = await this.registers.found(() => this.registers.caseOfFiling(filingId));
    return caseId && filingIn(look, caseId, filingId);
  }

  async getCaseOfObligation(caller: Caller, obligationId: Uuid): Promise<CaseFile> {
    const caseId = await this.registers.found(() => this.registers.caseOfObligation(obligationId));
    if (caseId === undefined) throw notFound('obligation');
    for (const look of [this.cached, this.stored]) {
      const state = await look(caseId);
      const known = state.situation === 'none' ? undefined : state.file.obligations.get(obligationId);
      if (state.situation === 'none' || !known) continue;
      const { file } = state;
      // What was due before the case passed on is still for the former operator to look at.
      if (isOwn(caller, file.operatorBin) || isOwn(caller, ownerOfDuty(file, known))) return file;
    }
    throw notFound('obligation');
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
