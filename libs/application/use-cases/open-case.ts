import { isRejection, type Rejection } from '#libs/kernel';
import type { CaseState } from '#libs/domain';
import type { House } from '../house.js';
import { onCase, openingOf, type NewCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { operatorKnown } from './record-filing.js';

/** An officer's entry of a centre that no document has named yet. */
export interface OpenCaseInput extends NewCase {
  readonly ruleSetId?: string;
}

export async function openCase(
  house: House,
  input: OpenCaseInput,
  request: Request,
): Promise<Done<CaseState> | Rejection> {
  const known = await operatorKnown(house, input.operatorBin);
  if (isRejection(known)) return known;
  const start = await openingOf(house, input, request);
  if (isRejection(start)) return start;
  const { opening, claims } = start;
  return onCase(house, opening.caseId, { type: 'OpenCase', opening }, request, {
    claims,
    ...(input.ruleSetId ? { ruleSetId: input.ruleSetId } : {}),
  });
}

export class OpenCase extends UseCase<OpenCaseInput, Done<CaseState>> {}
export const OpenCaseHandler = handlerOf(OpenCase, openCase);
