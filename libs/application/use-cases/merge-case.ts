import { isRejection, reject, type Rejection, type Uuid } from '#libs/kernel';
import { caseDecider, caseStream, type CaseState } from '#libs/domain';
import type { House } from '../house.js';
import { onCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

/** One centre was entered twice: `caseId` ends and goes on in `intoCaseId`, which takes over its filings. */
export interface MergeCaseInput {
  readonly caseId: Uuid;
  readonly intoCaseId: Uuid;
  readonly reason: string;
}

/**
 * The case that stays absorbs first: a crash between the two steps leaves a duplicate that is still open and visible,
 * never a filing that is in no living case. A repeat finishes it.
 */
export async function mergeCase(
  house: House,
  { caseId, intoCaseId, reason }: MergeCaseInput,
  request: Request,
): Promise<Done<CaseState> | Rejection> {
  const { state } = await house.writePath.fresh(caseStream(caseId), caseDecider);
  const target = await house.writePath.fresh(caseStream(intoCaseId), caseDecider);
  if (state.situation === 'none') return reject('not-found', 'case-unknown', 'there is no such case');
  if (target.state.situation === 'none')
    return reject('refused', 'target-unknown', 'the case to merge into does not exist', [
      { pointer: '/intoCaseId', code: 'unknown', message: 'is not a case' },
    ]);
  if (state.situation === 'merged' && state.into !== intoCaseId)
    return reject('conflict', 'case-merged', `the case was merged into case ${state.into} already`);
  const { file } = state;
  const absorbed = await onCase(
    house,
    intoCaseId,
    {
      type: 'AbsorbCase',
      fromCaseId: caseId,
      operatorBin: file.operatorBin,
      filings: [...file.filings.values()].map(({ filingId, kind, filedBy, versions, takenBack }) => ({
        filingId,
        kind,
        filedBy,
        versions,
        ...(takenBack ? { takenBack } : {}),
      })),
      commissionings: file.commissionings.map(({ entryId, commissionedOn, expansionMw, registration }) => ({
        ...(entryId ? { entryId } : {}),
        commissionedOn,
        ...(expansionMw === undefined ? {} : { expansionMw }),
        registration,
      })),
    },
    request,
  );
  if (isRejection(absorbed)) return absorbed;
  return onCase(house, caseId, { type: 'MergeCase', intoCaseId, reason }, request);
}

export class MergeCase extends UseCase<MergeCaseInput, Done<CaseState>> {}
export const MergeCaseHandler = handlerOf(MergeCase, mergeCase);
