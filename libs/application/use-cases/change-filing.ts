import { derivedId, isRejection, reject, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import {
  bankAccountOf,
  canonicalBank,
  caseDecider,
  caseStream,
  type CaseState,
  type FilingValues,
  type Location,
} from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, rulesOfCase } from '../on-case.js';
import { openUnlessErased } from '../open-unless-erased.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { bankFault, sealedValues, type GivenValues } from './record-filing.js';

export interface ChangeFilingInput {
  readonly caseId: Uuid;
  readonly filingId: Uuid;
  readonly intake: Intake;
  readonly location?: Location;
  /** Values that are not given stay as they are, unless a journal's registry states them all. */
  readonly values: GivenValues;
  /** Names of values that are no longer declared. */
  readonly cleared?: readonly string[];
  /** What it brings that is no value: an annex, a signature. */
  readonly brought?: readonly string[];
  readonly reason?: string;
  /** If-Match: the version of the filing the sender has seen. */
  readonly expectedVersion?: Uuid;
}

const changeWith =
  (type: 'CorrectFiling' | 'CompleteFiling') =>
  async (
    house: House,
    input: ChangeFilingInput,
    request: Request,
    leftOut: 'kept' | 'cleared' = 'kept',
  ): Promise<Done<CaseState> | Rejection> => {
    const { caseId, filingId, location, cleared, brought, reason, expectedVersion } = input;
    const wrongBank = bankFault(input.values);
    if (wrongBank) return wrongBank;
    const registration = await register(house, input.intake, request, await rulesOfCase(house, caseId));
    if (isRejection(registration)) return registration;
    const filed = await filedOn(house, caseId, filingId);
    // By day: a paper correction stamped on the day of an electronic filing has no hour to compare.
    if (filed !== undefined && registration.receivedOn < filed)
      return reject('refused', 'before-filing', 'a change cannot be received before the filing it changes', [
        {
          pointer: '/receivedAt',
          code: 'before-filing',
          message: `lies before ${filed}, when the filing was received`,
        },
      ]);
    const versionId = derivedId(`${request.commandId}/${filingId}`, 'version');
    return onCase(
      house,
      caseId,
      {
        type,
        filingId,
        versionId,
        registration,
        location,
        values: await changedSealed(house, caseId, filingId, input.values),
        leftOut,
        ...(cleared ? { cleared } : {}),
        ...(brought ? { brought } : {}),
        ...(reason ? { reason } : {}),
        ...(expectedVersion ? { expectedVersion } : {}),
      },
      request,
      { claims: journalClaims(registration, { entry: 'change', caseId, filingId }) },
    );
  };

async function filedOn(house: House, caseId: Uuid, filingId: Uuid): Promise<PlainDate | undefined> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  return state.situation === 'none'
    ? undefined
    : state.file.filings.get(filingId)?.versions[0]?.registration.receivedOn;
}

/** A sealed text never looks the same twice: an account that is only repeated stays as it was sealed, and is no change. */
async function changedSealed(house: House, caseId: Uuid, filingId: Uuid, given: GivenValues): Promise<FilingValues> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  const filing = state.situation === 'none' ? undefined : state.file.filings.get(filingId);
  const known = filing && bankAccountOf(filing);
  const { bankDetails, ...values } = given;
  if (bankDetails && known && (await openUnlessErased(house, known.bank)) === canonicalBank(bankDetails))
    return { ...values, bank: known.bank } as FilingValues;
  return sealedValues(house, filing?.filedBy, given);
}

/** A later document that says other values than an earlier one; both stay visible. */
export const correctFiling = changeWith('CorrectFiling');
/** What an incomplete filing lacked. */
export const completeFiling = changeWith('CompleteFiling');

export class CorrectFiling extends UseCase<ChangeFilingInput, Done<CaseState>> {}
export const CorrectFilingHandler = handlerOf(CorrectFiling, correctFiling);
export class CompleteFiling extends UseCase<ChangeFilingInput, Done<CaseState>> {}
export const CompleteFilingHandler = handlerOf(CompleteFiling, completeFiling);
