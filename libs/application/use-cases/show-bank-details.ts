import { isRejection, reject, type Rejection, type Uuid } from '#libs/kernel';
import { bankAccountOf, caseDecider, caseStream, type BankDetails } from '#libs/domain';
import type { House } from '../house.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import { onCaseWork } from './case-work.js';

export interface ShowBankDetailsInput {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly reason: string;
}

/** The look is on record before anything is shown. */
export async function showBankDetails(
  house: House,
  { caseId, filingId, reason }: ShowBankDetailsInput,
  request: Request,
): Promise<BankDetails | Rejection> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  const filing = state.situation === 'none' ? undefined : state.file.filings.get(filingId);
  const account = filing && bankAccountOf(filing);
  if (!account) return reject('not-found', 'bank-details-unknown', 'this filing holds no bank details');
  const recorded = await onCaseWork(
    house,
    caseId,
    { type: 'RecordSecretShown', filingId, what: 'bank-details', reason },
    request,
  );
  if (isRejection(recorded)) return recorded;
  const { text } = await house.sealer.open(account.bank);
  return JSON.parse(text) as BankDetails;
}

export class ShowBankDetails extends UseCase<ShowBankDetailsInput, BankDetails> {}
export const ShowBankDetailsHandler = handlerOf(ShowBankDetails, showBankDetails);
