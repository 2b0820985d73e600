import { derivedId, isRejection, reject, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import { caseDecider, caseStream, endOfMining, type CaseState } from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, rulesOfCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import { comparePositions, type Position } from '#libs/event-store';

export interface TerminateAllCentresInput {
  readonly operatorBin: string;
  readonly intake: Intake;
  readonly activityEndedOn?: PlainDate;
}

export interface TerminatedCentres {
  readonly journalNo: string;
  readonly centres: readonly { readonly caseId: Uuid; readonly filingId: Uuid }[];
  readonly position: Position | undefined;
}

const becomesOpen: ReadonlySet<string> = new Set(['CaseOpened', 'CaseTransferred', 'CaseReopened']);

interface Candidate {
  readonly caseId: Uuid;
  /** Where the command stands in the case's stream, if it was carried out there. */
  readonly known: { readonly first: number } | undefined;
}

const isToEnd = (state: CaseState, operatorBin: string): boolean =>
  state.situation === 'active' && state.file.operatorBin === operatorBin && endOfMining(state.file) === undefined;

/** A centre that became an open one of this operator after the command was given first is none that it spoke of. */
async function ofTheFirstRun(house: House, found: readonly Candidate[]): Promise<readonly Uuid[]> {
  const { store } = house.writePath;
  const done = found.find(({ known }) => known !== undefined);
  if (!done) return found.map(({ caseId }) => caseId);
  const [given] = await store.readStream(caseStream(done.caseId), { from: done.known!.first, limit: 1 });
  const open: Uuid[] = [];
  for (const { caseId, known } of found) {
    const became = (await store.readStream(caseStream(caseId))).findLast(({ type }) => becomesOpen.has(type))!;
    if (known || comparePositions(became.position, given!.position) < 0) open.push(caseId);
  }
  return open;
}

/**
 * Rule 5 speaks of the legal entity: one reference ends all its centres. Each open case gets its own filing under the one
 * journal number; a repeat goes on with the cases that a crash left out.
 */
export async function terminateAllCentres(
  house: House,
  input: TerminateAllCentresInput,
  request: Request,
): Promise<TerminatedCentres | Rejection> {
  const found: Candidate[] = [];
  for (const caseId of await house.directory.casesOfOperator(input.operatorBin)) {
    const { state, commands } = await house.writePath.fresh(caseStream(caseId), caseDecider);
    const known = commands.get(request.commandId);
    // A repeat answers as the first did, for a case that was closed or merged since as well.
    if (known || isToEnd(state, input.operatorBin)) found.push({ caseId, known });
  }
  const open = await ofTheFirstRun(house, found);
  const [first] = open;
  if (first === undefined)
    return reject(
      'conflict',
      'nothing-to-terminate',
      'this operator has no open case of a centre where mining has not ended',
    );
  const registration = await register(house, input.intake, request, await rulesOfCase(house, first));
  if (isRejection(registration)) return registration;

  let journalNo = registration.journalNo;
  let position: Position | undefined;
  const centres: { caseId: Uuid; filingId: Uuid }[] = [];
  for (const caseId of open) {
    const filingId = derivedId(request.commandId, `filing/${caseId}`);
    const done = await onCase(
      house,
      caseId,
      {
        type: 'RecordFiling',
        filingId,
        registration: { ...registration, journalNo },
        location: undefined,
        values: { kind: 'termination', ...(input.activityEndedOn ? { activityEndedOn: input.activityEndedOn } : {}) },
      },
      request,
      { claims: centres.length === 0 ? journalClaims(registration, { entry: 'termination-of-all' }) : [] },
    );
    if (isRejection(done)) return done;
    const filed = done.facts.find((fact) => fact.type === 'TerminationFiled');
    // A repeat keeps the number the first run gave.
    journalNo =
      (filed?.data as { registration?: { journalNo: string } } | undefined)?.registration?.journalNo ?? journalNo;
    position = done.position;
    centres.push({ caseId, filingId });
  }
  return { journalNo, centres, position };
}

export class TerminateAllCentres extends UseCase<TerminateAllCentresInput, TerminatedCentres> {}
export const TerminateAllCentresHandler = handlerOf(TerminateAllCentres, terminateAllCentres);
