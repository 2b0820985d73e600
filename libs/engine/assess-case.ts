import { isRejection, type Cause, type FactMeta, type Rejection, type Uuid } from '#libs/kernel';
import { caseDecider, caseStream, type CaseState } from '#libs/domain';
import { assessObligationsOf, systemRequest, type Done, type House } from '#libs/application';

/**
 * Looks at the duties of a case again. The command's key holds the revision it was decided on: every new state of the
 * stream may be assessed once more, and two that assess the same state do it once. `known`: the revision just read, so
 * that it need not be read again.
 */
export async function assessCase(
  house: House,
  caseId: Uuid,
  channel: FactMeta['channel'],
  { known, cause }: { readonly known?: number; readonly cause?: Cause | undefined } = {},
): Promise<Done<CaseState> | Rejection> {
  let revision = known ?? (await house.writePath.fresh(caseStream(caseId), caseDecider)).revision;
  for (;;) {
    const request = systemRequest(`assess/${caseId}/${revision}`, house.clock.now(), channel, cause);
    const done = await assessObligationsOf(house, { caseId }, request);
    // Another did it at the same moment, perhaps without knowing of an order that we know of.
    if (isRejection(done) || done.outcome !== 'repeated') return done;
    revision = (await house.writePath.fresh(caseStream(caseId), caseDecider)).revision;
  }
}
