import { derivedId, isRejection, reject, type Decimal, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import type { CaseState, Location } from '#libs/domain';
import type { House } from '../house.js';
import { journalClaims, register, type Intake } from '../intake.js';
import { onCase, openedCaseId, openingOf, rulesOfCase, type NewCase } from '../on-case.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';
import { operatorKnown } from './record-filing.js';

/** The registry's own note that a centre exists; it may open the case. */
export interface RecordCommissioningInput {
  readonly caseId?: Uuid;
  readonly newCase?: NewCase;
  readonly intake: Intake;
  readonly location?: Location;
  readonly commissionedOn: PlainDate;
  readonly expansionMw?: Decimal;
  readonly ruleSetId?: string;
}

export async function recordCommissioning(
  house: House,
  input: RecordCommissioningInput,
  request: Request,
): Promise<Done<CaseState> | Rejection> {
  const { newCase, expansionMw, commissionedOn, location, ruleSetId } = input;
  const caseId = input.caseId ?? openedCaseId(request);
  if (input.caseId === undefined && newCase === undefined)
    return reject('malformed', 'case-missing', 'name a case or what is needed to open one');
  if (newCase) {
    const known = await operatorKnown(house, newCase.operatorBin);
    if (isRejection(known)) return known;
  }
  const rules = await rulesOfCase(house, caseId, ruleSetId);
  const registration = await register(house, input.intake, request, rules);
  if (isRejection(registration)) return registration;
  const start = newCase ? await openingOf(house, newCase, request) : undefined;
  if (isRejection(start)) return start;
  const entryId = derivedId(`${request.commandId}/${caseId}`, 'commissioning');
  return onCase(
    house,
    caseId,
    {
      type: 'RecordCommissioning',
      entryId,
      registration,
      location,
      commissionedOn,
      ...(expansionMw === undefined ? {} : { expansionMw }),
      ...(start ? { opening: start.opening } : {}),
    },
    request,
    {
      claims: [...journalClaims(registration, { entry: 'commissioning', caseId }), ...(start?.claims ?? [])],
      ...(ruleSetId ? { ruleSetId } : {}),
    },
  );
}

export class RecordCommissioning extends UseCase<RecordCommissioningInput, Done<CaseState>> {}
export const RecordCommissioningHandler = handlerOf(RecordCommissioning, recordCommissioning);
