import { findDecimal, firstDayOf, isRejection, nextQuarter, quarterOf, reject, startOfDay } from '#libs/kernel';
import type { PlainDate, Quarter, Rejection } from '#libs/kernel';
import { fault, mwFault } from './filing-values.js';
import {
  mergedRejection,
  openedOrRejected,
  receivedInFuture,
  statedLocation,
  today,
  type CaseContext,
  type Command,
  type Decision,
} from './guards.js';
import { assessObligations } from './obligations.js';
import type { CaseFile, CaseState } from './state.js';

export function recordCommissioning(
  state: CaseState,
  command: Command<'RecordCommissioning'>,
  context: CaseContext,
): Decision {
  if (state.situation === 'merged') return mergedRejection(state.into);
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const { expansionMw, commissionedOn, entryId, registration } = command;
  if (expansionMw !== undefined && findDecimal(expansionMw, 3) === undefined)
    return reject('malformed', 'values-malformed', 'some values cannot be read', [mwFault('/expansionMw')]);
  const start = openedOrRejected(state, command, context);
  if (isRejection(start)) return start;
  const { file, facts } = start;
  return [
    ...facts,
    {
      type: 'DataCenterCommissioned',
      data: {
        caseId: file.caseId,
        entryId,
        registration,
        ...statedLocation(file, command.location, registration.receivedOn),
        commissionedOn,
        ...(expansionMw === undefined ? {} : { expansionMw }),
      },
    },
  ];
}

export function withdrawCommissioning(file: CaseFile, command: Command<'WithdrawCommissioning'>): Decision {
  const { entryId, reason } = command;
  const known = file.commissionings.find((entry) => entry.entryId === entryId);
  if (!known) return reject('not-found', 'commissioning-unknown', 'there is no such commissioning entry in this case');
  const { commissionedOn } = known;
  return [{ type: 'CommissioningWithdrawn', data: { caseId: file.caseId, entryId, commissionedOn, reason } }];
}

export function excuseObligation(file: CaseFile, command: Command<'ExcuseObligation'>, context: CaseContext): Decision {
  const obligation = file.obligations.get(command.obligationId);
  if (!obligation || obligation.status === 'void')
    return reject('not-found', 'obligation-unknown', 'there is no such obligation');
  if (obligation.status === 'met' || obligation.status === 'undetermined')
    return reject('conflict', 'nothing-to-excuse', 'the obligation is not overdue and not open');
  if (obligation.excuse) return reject('conflict', 'excused-already', 'the obligation is excused already');
  const { obligationId, orderNo, reason } = command;
  const data = { caseId: file.caseId, obligationId, orderNo, reason, excusedOn: today(context) };
  return [{ type: 'ObligationExcused', data }];
}

export function transferCase(file: CaseFile, command: Command<'TransferCase'>, context: CaseContext): Decision {
  const { toBin, effectiveOn, reason } = command;
  if (toBin === file.operatorBin)
    return reject('refused', 'same-operator', 'the case belongs to this operator already', [
      fault('/toBin', 'same-operator', 'is the operator the case belongs to'),
    ]);
  const early = effectiveInFuture(effectiveOn, context);
  if (early) return early;
  const data = { caseId: file.caseId, fromBin: file.operatorBin, toBin, effectiveOn, reason };
  return [{ type: 'CaseTransferred', data }];
}

export function changeLocation(file: CaseFile, command: Command<'ChangeLocation'>, context: CaseContext): Decision {
  const { to, effectiveOn, reason } = command;
  const early = effectiveInFuture(effectiveOn, context);
  if (early) return early;
  if (to.region === file.location.region && to.address === file.location.address) return [];
  const data = { caseId: file.caseId, from: file.location, to, effectiveOn, reason };
  return [{ type: 'CaseLocationChanged', data }];
}

/** The case stands where and with whom it is now: a change is put on record when it has happened. */
const effectiveInFuture = (effectiveOn: PlainDate, context: CaseContext): Rejection | undefined =>
  effectiveOn > today(context)
    ? reject('refused', 'effective-in-future', 'a change is recorded on the day it takes effect or later', [
        fault('/effectiveOn', 'in-future', 'lies in the future'),
      ])
    : undefined;

export function mergeCase(file: CaseFile, command: Command<'MergeCase'>): Decision {
  const { intoCaseId, reason } = command;
  if (intoCaseId === file.caseId) return reject('refused', 'merge-into-itself', 'a case cannot be merged into itself');
  return [{ type: 'CaseMerged', data: { caseId: file.caseId, intoCaseId, reason } }];
}

const otherOperator = 'both cases must belong to the same operator; transfer one first';

export function absorbCase(file: CaseFile, command: Command<'AbsorbCase'>): Decision {
  const { fromCaseId, operatorBin, filings, commissionings } = command;
  if (fromCaseId === file.caseId) return reject('refused', 'merge-into-itself', 'a case cannot be merged into itself');
  // What it held is here already, and may have changed since.
  if ([...file.filings.values()].some((filing) => filing.absorbedFrom === fromCaseId)) return [];
  if (operatorBin !== file.operatorBin) return reject('refused', 'other-operator', otherOperator);
  return [{ type: 'CaseAbsorbed', data: { caseId: file.caseId, fromCaseId, filings, commissionings } }];
}

/**
 * Closing puts a file away; it takes no duty from the operator. So a case is closed when the law can bring nothing more:
 * all duties settled, and no reference to come of a centre that exists or of the quarter in which its mining ended.
 */
export function closeCase(file: CaseFile, command: Command<'CloseCase'>, context: CaseContext): Decision {
  const owed = [...file.obligations.values()].filter((one) => one.status === 'open' || one.status === 'missed');
  if (owed.length > 0)
    return reject('conflict', 'obligations-open', `${owed.length} obligations of this case are not settled`);
  const next = nextToCome(file, context);
  if (next)
    return reject(
      'conflict',
      'obligations-to-come',
      `the centre will owe its reference for ${next}; a case is closed when mining has ended and its last quarter is settled`,
    );
  return [{ type: 'CaseClosed', data: { caseId: file.caseId, reason: command.reason } }];
}

/** The first quarter whose duty has not been opened yet and will be, if nothing changes. */
function nextToCome(file: CaseFile, context: CaseContext): Quarter | undefined {
  const day = firstDayOf(nextQuarter(nextQuarter(quarterOf(today(context)))));
  const later = assessObligations(file, context, { day, at: startOfDay(day, context.rules.zone) });
  return later.find(({ obligationId, period }) => period && !file.obligations.has(obligationId))?.period;
}

export const reopenCase = (
  state: Exclude<CaseState, { situation: 'none' }>,
  { reason }: Command<'ReopenCase'>,
): Decision =>
  state.situation === 'closed'
    ? [{ type: 'CaseReopened', data: { caseId: state.file.caseId, reason } }]
    : reject('conflict', 'case-not-closed', 'only a closed case can be reopened');
