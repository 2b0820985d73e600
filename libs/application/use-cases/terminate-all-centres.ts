import { derivedId, isRejection, reject, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import { caseDecider, caseStream, endOfMining } from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, rulesOfCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Position } from '#libs/event-store';

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

/**
 * Rule 5 speaks of the legal entity: one reference ends all its centres. Each open case gets its own filing under the one
 * journal number; a repeat goes on with the cases that a crash left out.
 */
export async function terminateAllCentres(
  house: House,
  input: TerminateAllCentresInput,
  request: Request,
): Promise<TerminatedCentres | Rejection> {
  const open: Uuid[] = [];
  for (const caseId of await house.directory.casesOfOperator(input.operatorBin)) {
    const { state, commands } = await house.writePath.fresh(caseStream(caseId), caseDecider);
    if (state.situation === 'none' || state.situation === 'merged') continue;
    if (state.file.operatorBin !== input.operatorBin) continue;
    // A repeat answers as the first did, for a case that was closed since as well.
    if (commands.has(request.commandId) || (state.situation === 'active' && endOfMining(state.file) === undefined))
      open.push(caseId);
  }
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
