import { firstDayOf, isRejection, lastDayOf, never, reject } from '#libs/kernel';
import { missingValues, type FilingFlag, type FilingValues } from '../filing.js';
import { fault, valueFaults } from './filing-values.js';
import {
  filerIfOther,
  filingUnknown,
  mergedRejection,
  openedOrRejected,
  receivedInFuture,
  standingFiling,
  statedLocation,
  today,
  type CaseContext,
  type Command,
  type Decision,
} from './guards.js';
import { obligationIdOf } from './obligations.js';
import {
  currentVersion,
  endOfMining,
  operatorOn,
  ownerOfDuty,
  periodOf,
  stands,
  type CaseFile,
  type CaseState,
  type Filing,
} from './state.js';

export function recordFiling(state: CaseState, command: Command<'RecordFiling'>, context: CaseContext): Decision {
  if (state.situation === 'merged') return mergedRejection(state.into);
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const faults = valueFaults(command.values);
  if (faults.length > 0) return reject('malformed', 'values-malformed', 'some values cannot be read', faults);
  const { firstPeriod } = context.rules;
  if (command.values.kind === 'quarterly_reference' && command.values.period < firstPeriod)
    return reject('refused', 'period-before-rules', `no reference is owed for a quarter before ${firstPeriod}`, [
      fault('/period', 'before-rules', `must not be before ${firstPeriod}, the first the Rules ask for`),
    ]);
  const start = openedOrRejected(state, command, context);
  if (isRejection(start)) return start;
  const { file, facts } = start;

  const { filingId, registration, values } = command;
  const filedBy = command.filedBy ?? operatorOn(file, registration.receivedOn);
  const isFormer = command.filedBy !== undefined && filedBy !== file.operatorBin;
  if (isFormer && command.location)
    return reject('refused', 'place-by-former', 'where the centre is, is for whose case it is now to say', [
      fault('/location', 'not-allowed', 'is not taken from a former operator'),
    ]);
  if (isFormer && whoOwes(file, values) !== filedBy)
    return reject(
      'forbidden',
      'case-passed-on',
      'the case is another operator’s now: only what was owed before that, and is still, may be filed',
    );
  const { kind: _, ...filedValues } = values;
  const data = {
    caseId: file.caseId,
    filingId,
    registration,
    ...filerIfOther(file, filedBy),
    ...statedLocation(file, command.location, registration.receivedOn),
    values: filedValues,
    missing: missingValues(values),
    flags: flagsOf(state, file, command, context),
  };
  switch (values.kind) {
    case 'planned_construction':
      return [...facts, { type: 'PlannedConstructionFiled', data: data as typeof data & { values: typeof values } }];
    case 'quarterly_reference':
      return [...facts, { type: 'QuarterlyReferenceFiled', data: data as typeof data & { values: typeof values } }];
    case 'termination':
      return [...facts, { type: 'TerminationFiled', data: data as typeof data & { values: typeof values } }];
    default:
      return never(values);
  }
}

/** Who still owes what the values answer: who had the case on the due day of the duty, while that is unmet. */
function whoOwes(file: CaseFile, values: FilingValues): string | undefined {
  const duty = file.obligations.get(obligationIdOf(file.caseId, values.kind, periodOf(values)));
  const isOwed = duty && duty.metBy === undefined && duty.status !== 'void';
  return isOwed ? ownerOfDuty(file, duty) : undefined;
}

function flagsOf(
  state: CaseState,
  file: CaseFile,
  { values, registration, twinCase }: Command<'RecordFiling'>,
  context: CaseContext,
): FilingFlag[] {
  const flags: FilingFlag[] = [];
  const twin = [...file.filings.values()].some((filing) => stands(filing) && answersTheSame(filing, values));
  if (twin) flags.push('duplicate');
  if (twinCase && state.situation === 'none') flags.push('same-centre');
  const endedOn = endOfMining(file);
  if (values.kind === 'quarterly_reference') {
    if (registration.receivedOn <= lastDayOf(values.period)) flags.push('before-period-end');
    if (endedOn !== undefined && firstDayOf(values.period) > endedOn) flags.push('after-termination');
  } else if (values.kind === 'planned_construction' && endedOn !== undefined) flags.push('after-termination');
  const { to } = context.rules.inForce;
  if (to !== undefined && registration.receivedOn > to) flags.push('after-rules-abolished');
  if (state.situation === 'closed') flags.push('case-closed');
  return flags;
}

function answersTheSame(filing: Filing, values: FilingValues): boolean {
  const other = currentVersion(filing)!.values;
  if (values.kind === 'quarterly_reference') return other.kind === values.kind && other.period === values.period;
  return other.kind === values.kind;
}

export function withdrawFiling(file: CaseFile, command: Command<'WithdrawFiling'>, context: CaseContext): Decision {
  const filing = standingFiling(file, command.filingId, command.expectedVersion);
  if (isRejection(filing)) return filing;
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const { withdrawalId, registration, reason, byOperator = file.operatorBin } = command;
  // What was filed of a centre that is another's now may be corrected, not taken away: its duties hang on it.
  if (byOperator !== file.operatorBin)
    return reject(
      'forbidden',
      'withdrawal-by-former',
      'the case is another operator’s now: correct the filing, or ask the authority',
    );
  const data = {
    caseId: file.caseId,
    filingId: filing.filingId,
    withdrawalId,
    registration,
    ...filerIfOther(file, filing.filedBy),
    ...(reason ? { reason } : {}),
  };
  return [{ type: 'FilingWithdrawn', data }];
}

export function proposeAnnulment(file: CaseFile, command: Command<'ProposeAnnulment'>): Decision {
  const filing = standingFiling(file, command.filingId);
  if (isRejection(filing)) return filing;
  if (filing.annulmentProposal)
    return reject('conflict', 'annulment-proposed', 'an annulment of this filing is proposed already');
  const data = {
    caseId: file.caseId,
    filingId: filing.filingId,
    proposedBy: command.by,
    reason: command.reason,
  };
  return [{ type: 'FilingAnnulmentProposed', data }];
}

export function confirmAnnulment(file: CaseFile, command: Command<'ConfirmAnnulment'>, context: CaseContext): Decision {
  const filing = standingFiling(file, command.filingId);
  if (isRejection(filing)) return filing;
  const proposal = filing.annulmentProposal;
  if (!proposal) return reject('conflict', 'annulment-not-proposed', 'nobody has proposed to annul this filing');
  if (proposal.by === command.by)
    return reject('forbidden', 'annulment-needs-two', 'a second person must confirm an annulment');
  return [
    {
      type: 'FilingAnnulled',
      data: {
        caseId: file.caseId,
        filingId: filing.filingId,
        proposedBy: proposal.by,
        confirmedBy: command.by,
        annulledOn: today(context),
        reason: proposal.reason,
      },
    },
  ];
}

export function markIncomplete(file: CaseFile, command: Command<'MarkFilingIncomplete'>): Decision {
  const filing = standingFiling(file, command.filingId);
  if (isRejection(filing)) return filing;
  const { remark } = command;
  // What an officer found comes on top of what is missing already, which only a completion or correction gives.
  const missing = [...new Set([...filing.missing, ...command.missing])];
  return [
    { type: 'FilingMarkedIncomplete', data: { caseId: file.caseId, filingId: filing.filingId, missing, remark } },
  ];
}

export function requestCompletion(
  file: CaseFile,
  command: Command<'RequestCompletion'>,
  context: CaseContext,
): Decision {
  const filing = standingFiling(file, command.filingId);
  if (isRejection(filing)) return filing;
  if (filing.missing.length === 0)
    return reject('conflict', 'filing-complete', 'nothing is missing from this filing; mark it incomplete first');
  if (command.by < today(context))
    return reject('refused', 'term-in-past', 'the day to complete by lies in the past', [
      fault('/by', 'in-past', 'must be today or later'),
    ]);
  const { by, text } = command;
  return [
    {
      type: 'CompletionRequested',
      data: { caseId: file.caseId, filingId: filing.filingId, missing: filing.missing, by, text },
    },
  ];
}

export function attachDocument(file: CaseFile, command: Command<'AttachDocument'>): Decision {
  const filing = file.filings.get(command.filingId);
  if (!filing) return filingUnknown;
  if (filing.documents.includes(command.sha256)) return [];
  const { filingId, sha256, bytes, mediaType, name } = command;
  return [{ type: 'DocumentAttached', data: { caseId: file.caseId, filingId, sha256, bytes, mediaType, name } }];
}
