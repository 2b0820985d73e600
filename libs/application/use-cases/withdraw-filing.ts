import { derivedId, isRejection, type Rejection, type Uuid } from '#libs/kernel';
import type { CaseState } from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, rulesOfCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

export interface WithdrawFilingInput {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly intake: Intake;
  readonly reason?: string;
  readonly expectedVersion?: Uuid;
  /** The operator that withdraws itself; the registry acts for whoever it is. */
  readonly byOperator?: string;
}

export async function withdrawFiling(
  house: House,
  input: WithdrawFilingInput,
  request: Request,
): Promise<Done<CaseState> | Rejection> {
  const { caseId, filingId, reason, expectedVersion, byOperator } = input;
  const registration = await register(house, input.intake, request, await rulesOfCase(house, caseId));
  if (isRejection(registration)) return registration;
  const withdrawalId = derivedId(`${request.commandId}/${filingId}`, 'withdrawal');
  return onCase(
    house,
    caseId,
    {
      type: 'WithdrawFiling',
      filingId,
      withdrawalId,
      registration,
      ...(reason ? { reason } : {}),
      ...(expectedVersion ? { expectedVersion } : {}),
      ...(byOperator ? { byOperator } : {}),
    },
    request,
    { claims: journalClaims(registration, { entry: 'withdrawal', caseId, filingId }) },
  );
}

export class WithdrawFiling extends UseCase<WithdrawFilingInput, Done<CaseState>> {}
export const WithdrawFilingHandler = handlerOf(WithdrawFiling, withdrawFiling);
