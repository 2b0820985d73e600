import type { Rejection, Uuid } from '#libs/kernel';
import { isRejection } from '#libs/kernel';
import type { CaseCommand, CaseState } from '#libs/domain';
import type { House } from '../house.js';
import { onCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { operatorKnown } from './record-filing.js';

type Input<T extends CaseCommand['type']> = { readonly caseId: Uuid } & Omit<Extract<CaseCommand, { type: T }>, 'type'>;

/** Use cases that need nothing around them but the case: their input is the decider's command. */
const plainly =
  <T extends CaseCommand['type']>(type: T) =>
  (house: House, { caseId, ...rest }: Input<T>, request: Request): Promise<Done<CaseState> | Rejection> =>
    onCase(house, caseId, { type, ...rest } as unknown as CaseCommand, request);

export class WithdrawCommissioning extends UseCase<Input<'WithdrawCommissioning'>, Done<CaseState>> {}
export class ProposeAnnulment extends UseCase<Input<'ProposeAnnulment'>, Done<CaseState>> {}
export class ConfirmAnnulment extends UseCase<Input<'ConfirmAnnulment'>, Done<CaseState>> {}
export class MarkFilingIncomplete extends UseCase<Input<'MarkFilingIncomplete'>, Done<CaseState>> {}
export class RequestCompletion extends UseCase<Input<'RequestCompletion'>, Done<CaseState>> {}
export class AttachDocument extends UseCase<Input<'AttachDocument'>, Done<CaseState>> {}
export class ExcuseObligation extends UseCase<Input<'ExcuseObligation'>, Done<CaseState>> {}
export class TransferCase extends UseCase<Input<'TransferCase'>, Done<CaseState>> {}
export class ChangeLocation extends UseCase<Input<'ChangeLocation'>, Done<CaseState>> {}
export class CloseCase extends UseCase<Input<'CloseCase'>, Done<CaseState>> {}
export class ReopenCase extends UseCase<Input<'ReopenCase'>, Done<CaseState>> {}
/** The duties of one case looked at again: by the sweep, and after an order or a corrected calendar. */
export class AssessObligations extends UseCase<Input<'AssessObligations'>, Done<CaseState>> {}

export const assessObligationsOf = plainly('AssessObligations');

async function transferCase(house: House, input: Input<'TransferCase'>, request: Request) {
  const known = await operatorKnown(house, input.toBin);
  return isRejection(known) ? known : plainly('TransferCase')(house, input, request);
}

export const changeCaseHandlers = [
  handlerOf(WithdrawCommissioning, plainly('WithdrawCommissioning')),
  handlerOf(ProposeAnnulment, plainly('ProposeAnnulment')),
  handlerOf(ConfirmAnnulment, plainly('ConfirmAnnulment')),
  handlerOf(MarkFilingIncomplete, plainly('MarkFilingIncomplete')),
  handlerOf(RequestCompletion, plainly('RequestCompletion')),
  handlerOf(AttachDocument, plainly('AttachDocument')),
  handlerOf(ExcuseObligation, plainly('ExcuseObligation')),
  handlerOf(TransferCase, transferCase),
  handlerOf(ChangeLocation, plainly('ChangeLocation')),
  handlerOf(CloseCase, plainly('CloseCase')),
  handlerOf(ReopenCase, plainly('ReopenCase')),
  handlerOf(AssessObligations, assessObligationsOf),
];
