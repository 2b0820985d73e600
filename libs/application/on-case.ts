import {
  derivedId,
  isRejection,
  reject,
  RejectedError,
  type Instant,
  type Rejection,
  type Role,
  type Uuid,
} from '#libs/kernel';
import {
  caseDecider,
  caseRefClaim,
  caseStream,
  type CaseCommand,
  type CaseContext,
  type CaseOpening,
  type CaseState,
  type RuleSet,
} from '#libs/domain';
import { ownCaseRef, type House } from './house.js';
import type { Request } from './request.js';
import type { Claim, Done } from './write-path.js';

export interface OnCaseOptions {
  readonly claims?: readonly Claim[];
  /** Opens the case under this rule set when it does not exist; otherwise the case's own counts. */
  readonly ruleSetId?: string;
  readonly historical?: boolean;
  readonly assess?: boolean;
}

/** One command on one case, with the law that is in force for it. */
export async function onCase(
  house: House,
  caseId: Uuid,
  command: CaseCommand,
  request: Request,
  options: OnCaseOptions = {},
): Promise<Done<CaseState> | Rejection> {
  await house.lawBook.refreshIfOld();
  const loaded = await house.writePath.load(caseStream(caseId), caseDecider);
  const rules = rulesFor(house, loaded.state, options.ruleSetId);
  const calendar = house.lawBook.calendar(rules.calendarId);
  return house.writePath.execute({
    decider: caseDecider,
    stream: caseStream(caseId),
    command,
    request,
    context: (_state: CaseState, now: Instant): CaseContext => ({
      ...house.lawBook.circumstancesUnder(rules),
      now,
      historical: options.historical ?? false,
      assess: options.assess ?? true,
    }),
    meta: {
      ruleSet: { id: rules.id, hash: rules.hash },
      calendar: { id: calendar.id, version: calendar.version },
    },
    ...(options.claims ? { claims: options.claims } : {}),
  });
}

export function rulesFor(house: House, state: CaseState, ruleSetId?: string): RuleSet {
  return state.situation === 'none' && ruleSetId !== undefined
    ? house.lawBook.ruleSet(ruleSetId)
    : house.lawBook.rulesOf(state);
}

/** The rule set a case lives under; the default one for a case that does not exist yet. */
export async function rulesOfCase(house: House, caseId: Uuid, ruleSetId?: string): Promise<RuleSet> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  return rulesFor(house, state, ruleSetId);
}

/** What a sender must say of a centre that has no case yet. Without a reference of the registry's own we give one. */
export interface NewCase {
  readonly caseRef?: string;
  readonly operatorBin: string;
  readonly region: string;
  readonly address: string;
}

/** The id follows from the command, so that a repeat finds the case it opened. */
export const openedCaseId = (request: Request): Uuid => derivedId(request.commandId, 'case');

/** What opens the case, with the claim that makes its reference that of this case alone, whoever gave it. */
export async function openingOf(
  house: House,
  newCase: NewCase,
  request: Request,
): Promise<{ readonly opening: CaseOpening; readonly claims: readonly Claim[] } | Rejection> {
  if (newCase.caseRef !== undefined && ownCaseRef.test(newCase.caseRef)) return caseRefReserved;
  const caseRef = newCase.caseRef ?? (await nextCaseRef(house, Number(request.arrivedAt.slice(0, 4))));
  const caseId = openedCaseId(request);
  const { operatorBin, region, address } = newCase;
  return {
    opening: { caseId, caseRef, operatorBin, location: { region, address } },
    claims: [caseRefClaimOf(caseRef, caseId, request.actor.role)],
  };
}

const caseRefReserved = reject('refused', 'case-ref-reserved', 'references of this form are given by the system only', [
  { pointer: '/caseRef', code: 'reserved', message: 'has the form of the references that the system gives' },
]);

/** The next of our own. What somebody claimed before the form was reserved is passed over: it names a case already. */
async function nextCaseRef(house: House, year: number): Promise<string> {
  for (;;) {
    const caseRef = await house.numbers.next('case', year);
    const [claim] = await house.writePath.store.readStream(caseRefClaim(caseRef), { limit: 1 });
    if (claim === undefined) return caseRef;
  }
}

const caseRefClaimOf = (caseRef: string, caseId: Uuid, asked: Role): Claim => ({
  stream: caseRefClaim(caseRef),
  fact: { type: 'CaseRefClaimed', data: { caseRef, caseId } },
  taken: asked === 'operator' ? caseRefUnusable : caseRefUsed(caseRef),
});

/** All an operator is told: that there is a case is nobody's business but its operator's and the authority's. */
const caseRefUnusable = reject('conflict', 'case-ref-unusable', 'this reference cannot be used; leave it out', [
  { pointer: '/caseRef', code: 'unusable', message: 'cannot be used' },
]);

const caseRefUsed = (caseRef: string) =>
  reject('conflict', 'case-ref-used', `there is a case ${caseRef} already`, [
    { pointer: '/caseRef', code: 'used', message: 'is the reference of another case' },
  ]);

/** For handlers on the command bus: a rejection leaves as an exception, anything else as it is. */
export function orThrow<T>(outcome: T | Rejection): T {
  if (isRejection(outcome)) throw new RejectedError(outcome);
  return outcome;
}
