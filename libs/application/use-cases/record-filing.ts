import { derivedId, isRejection, reject, type Rejection, type Uuid } from '#libs/kernel';
import {
  bicFault,
  canonicalBank,
  caseDecider,
  caseStream,
  operatorOn,
  ibanFault,
  isSamePlace,
  operatorDecider,
  operatorStream,
  type BankDetails,
  type CaseOpening,
  type CaseState,
  type FilingValues,
  type Location,
  type Registration,
} from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, openedCaseId, openingOf, rulesOfCase, type NewCase } from '../on-case.js';
import type { Request } from '../request.js';
import type { Done } from '../write-path.js';

/** Values as a sender gives them: bank details in the clear, to be sealed before anything is written. */
export type GivenValues = FilingValues & { readonly bankDetails?: BankDetails };

export interface RecordFilingInput {
  /** Either a case that exists, or what is needed to open one. */
  readonly caseId?: Uuid;
  readonly newCase?: NewCase;
  readonly intake: Intake;
  readonly location?: Location;
  readonly values: GivenValues;
  readonly ruleSetId?: string;
  /** The operator that files for itself, or whose paper the registry says it is; else it follows from the case. */
  readonly filedBy?: string;
}

/** Of command and case: the same key used for another case is another filing, in another stream. */
export const filingIdOf = (request: Request, caseId: Uuid): Uuid =>
  derivedId(`${request.commandId}/${caseId}`, 'filing');

/** The common way of the three documents of rules 3, 4 and 5. */
export async function recordFiling(
  house: House,
  input: RecordFilingInput,
  request: Request,
): Promise<Done<CaseState> | Rejection> {
  const { newCase } = input;
  const wrongBank = bankFault(input.values);
  if (wrongBank) return wrongBank;
  const caseId = input.caseId ?? openedCaseId(request);
  if (input.caseId === undefined && newCase === undefined)
    return reject('malformed', 'case-missing', 'name a case or what is needed to open one');
  if (newCase) {
    const known = await operatorKnown(house, newCase.operatorBin);
    if (isRejection(known)) return known;
  }
  const rules = await rulesOfCase(house, caseId, input.ruleSetId);
  const registration = await register(house, input.intake, request, rules);
  if (isRejection(registration)) return registration;
  const start = newCase ? await openingOf(house, newCase, request) : undefined;
  if (isRejection(start)) return start;
  const filingId = filingIdOf(request, caseId);
  const operatorBin = newCase?.operatorBin ?? input.filedBy ?? (await operatorOf(house, caseId, registration));
  const values = await sealedValues(house, operatorBin, input.values);
  return onCase(
    house,
    caseId,
    {
      type: 'RecordFiling',
      filingId,
      registration,
      location: input.location,
      values,
      ...(input.filedBy ? { filedBy: input.filedBy } : {}),
      ...(start ? { opening: start.opening, twinCase: await hasTwin(house, start.opening, request) } : {}),
    },
    request,
    {
      claims: [...journalClaims(registration, { entry: 'filing', caseId, filingId }), ...(start?.claims ?? [])],
      ...(input.ruleSetId ? { ruleSetId: input.ruleSetId } : {}),
    },
  );
}

/**
 * Whether the operator has another living case of the place. The directory may be a moment behind, so of two filings sent
 * at once neither may be flagged; a flag asks an officer to look and decides nothing, so nobody is made to wait for it.
 * A replay is not asked: what it lives must not depend on how far a read model has come.
 */
async function hasTwin(
  house: House,
  { caseId, operatorBin, location }: CaseOpening,
  { channel }: Request,
): Promise<boolean> {
  if (channel === 'replay') return false;
  const living = await house.directory.livingCases(operatorBin, location.region);
  return living.some((other) => other.caseId !== caseId && isSamePlace(other.location, location));
}

export async function operatorKnown(house: House, bin: string): Promise<true | Rejection> {
  const { state } = await house.writePath.load(operatorStream(bin), operatorDecider);
  if (state.situation === 'registered') return true;
  return reject('refused', 'operator-unknown', `no operator with BIN ${bin} is registered; register it first`, [
    { pointer: '/operatorBin', code: 'unknown', message: 'is not a registered operator' },
  ]);
}

/** Whose a document received like this is. */
async function operatorOf(house: House, caseId: Uuid, registration: Registration): Promise<string | undefined> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  return state.situation === 'none' ? undefined : operatorOn(state.file, registration.receivedOn);
}

/** Form only; whether the account exists nobody here can know. The message never repeats the number. */
export function bankFault({ bankDetails }: GivenValues): Rejection | undefined {
  if (!bankDetails) return undefined;
  const faults = [
    ...fieldFault('/bankIban', 'iban-malformed', ibanFault(bankDetails.iban)),
    ...fieldFault('/bankBic', 'bic-malformed', bicFault(bankDetails.bic)),
  ];
  return faults.length === 0
    ? undefined
    : reject('malformed', 'values-malformed', 'some values cannot be read', faults);
}

const fieldFault = (pointer: string, code: string, message: string | undefined) =>
  message === undefined ? [] : [{ pointer, code, message }];

/** Bank details leave here sealed under the operator's key; no fact, log line or queue ever holds them in the clear. */
export async function sealedValues(
  house: House,
  operatorBin: string | undefined,
  given: GivenValues,
): Promise<FilingValues> {
  const { bankDetails, ...values } = given;
  if (bankDetails === undefined || operatorBin === undefined || values.kind !== 'planned_construction') return values;
  return { ...values, bank: await house.sealer.seal(operatorBin, canonicalBank(bankDetails)) };
}
