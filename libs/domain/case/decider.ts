import { dayAt, findDecimal, firstDayOf, isRejection, lastDayOf, never, reject } from '#libs/kernel';
import type { Decider, PlainDate, Rejection, Uuid } from '#libs/kernel';
import { missingValues, type FilingFlag, type FilingValues, type Registration } from '../filing.js';
import { assessmentFacts, type AssessmentContext } from './assessment.js';
import type { CaseCommand } from './commands.js';
import type { CaseEvent, CaseOpened, CaseOpening } from './events.js';
import { evolveCase } from './evolve.js';
import { changedValues, fault, mwFault, valueFaults } from './filing-values.js';
import {
  currentVersion,
  endOfMining,
  initialCase,
  latestRecordedVersion,
  stands,
  type CaseFile,
  type CaseState,
  type Filing,
} from './state.js';

export interface CaseContext extends AssessmentContext {
  /** False while an import feeds rows in the order they were typed: the duties are judged when all are in. */
  readonly assess: boolean;
}

type Command<T extends CaseCommand['type']> = Extract<CaseCommand, { type: T }>;

export const caseDecider: Decider<CaseState, CaseCommand, CaseEvent, CaseContext> = {
  initial: initialCase,

  decide(state, command, context) {
    const facts = decideItself(state, command, context);
    if (isRejection(facts) || !context.assess) return facts;
    const after = facts.reduce(evolveCase, state);
    return [...facts, ...assessmentFacts(after, context)];
  },

  evolve: evolveCase,
};

function decideItself(state: CaseState, command: CaseCommand, context: CaseContext): CaseEvent[] | Rejection {
  switch (command.type) {
    case 'OpenCase':
      return state.situation === 'none'
        ? [opened(command.opening, context)]
        : reject('conflict', 'case-exists', 'the case is open already');
    case 'RecordFiling':
      return recordFiling(state, command, context);
    case 'RecordCommissioning':
      return recordCommissioning(state, command, context);
    default:
      break;
  }
  if (state.situation === 'none') return reject('not-found', 'case-unknown', 'there is no such case');
  const { file } = state;
  switch (command.type) {
    case 'AssessObligations':
      return [];
    case 'ReopenCase':
      return state.situation === 'closed'
        ? [{ type: 'CaseReopened', data: { caseId: file.caseId, reason: command.reason } }]
        : reject('conflict', 'case-not-closed', 'only a closed case can be reopened');
    case 'MergeCase':
      if (state.situation === 'merged') return mergedRejection(state.into);
      if (command.intoCaseId === file.caseId)
        return reject('refused', 'merge-into-itself', 'a case cannot be merged into itself');
      return [
        {
          type: 'CaseMerged',
          data: { caseId: file.caseId, intoCaseId: command.intoCaseId, reason: command.reason },
        },
      ];
    default:
      break;
  }
  if (state.situation === 'merged') return mergedRejection(state.into);
  switch (command.type) {
    case 'CorrectFiling':
    case 'CompleteFiling':
      return changeValues(file, command, context);
    case 'WithdrawFiling': {
      const filing = standingFiling(file, command.filingId, command.expectedVersion);
      if (isRejection(filing)) return filing;
      const early = receivedInFuture(command.registration, context);
      if (early) return early;
      const { withdrawalId, registration, reason } = command;
      const data = {
        caseId: file.caseId,
        filingId: filing.filingId,
        withdrawalId,
        registration,
        ...(reason ? { reason } : {}),
      };
      return [{ type: 'FilingWithdrawn', data }];
    }
    case 'ProposeAnnulment': {
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
    case 'ConfirmAnnulment': {
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
    case 'MarkFilingIncomplete': {
      const filing = standingFiling(file, command.filingId);
      if (isRejection(filing)) return filing;
      const { missing, remark } = command;
      return [
        { type: 'FilingMarkedIncomplete', data: { caseId: file.caseId, filingId: filing.filingId, missing, remark } },
      ];
    }
    case 'RequestCompletion': {
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
    case 'AttachDocument': {
      const filing = file.filings.get(command.filingId);
      if (!filing) return filingUnknown;
      if (filing.documents.includes(command.sha256)) return [];
      const { filingId, sha256, bytes, mediaType, name } = command;
      return [{ type: 'DocumentAttached', data: { caseId: file.caseId, filingId, sha256, bytes, mediaType, name } }];
    }
    case 'ExcuseObligation': {
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
    case 'TransferCase': {
      const { toBin, effectiveOn, reason } = command;
      if (toBin === file.operatorBin)
        return reject('refused', 'same-operator', 'the case belongs to this operator already', [
          fault('/toBin', 'same-operator', 'is the operator the case belongs to'),
        ]);
      const data = { caseId: file.caseId, fromBin: file.operatorBin, toBin, effectiveOn, reason };
      return [{ type: 'CaseTransferred', data }];
    }
    case 'ChangeLocation': {
      const { to, effectiveOn, reason } = command;
      if (to.region === file.location.region && to.address === file.location.address) return [];
      return [
        {
          type: 'CaseLocationChanged',
          data: { caseId: file.caseId, from: file.location, to, effectiveOn, reason },
        },
      ];
    }
    case 'AbsorbCase': {
      const { fromCaseId, filings, commissionings } = command;
      if (fromCaseId === file.caseId)
        return reject('refused', 'merge-into-itself', 'a case cannot be merged into itself');
      // What it held is here already, and may have changed since.
      if ([...file.filings.values()].some((filing) => filing.absorbedFrom === fromCaseId)) return [];
      return [{ type: 'CaseAbsorbed', data: { caseId: file.caseId, fromCaseId, filings, commissionings } }];
    }
    case 'CloseCase': {
      if (state.situation === 'closed') return reject('conflict', 'case-closed', 'the case is closed already');
      const owed = [...file.obligations.values()].filter((one) => one.status === 'open' || one.status === 'missed');
      if (owed.length > 0)
        return reject('conflict', 'obligations-open', `${owed.length} obligations of this case are not settled`);
      return [{ type: 'CaseClosed', data: { caseId: file.caseId, reason: command.reason } }];
    }
    default:
      return never(command);
  }
}

function recordFiling(
  state: CaseState,
  command: Command<'RecordFiling'>,
  context: CaseContext,
): CaseEvent[] | Rejection {
  if (state.situation === 'merged') return mergedRejection(state.into);
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const faults = valueFaults(command.values);
  if (faults.length > 0) return reject('malformed', 'values-malformed', 'some values cannot be read', faults);
  const start = openedOrRejected(state, command, context);
  if (isRejection(start)) return start;
  const { file, facts } = start;

  const { filingId, registration, values } = command;
  const { kind: _, ...filedValues } = values;
  const data = {
    caseId: file.caseId,
    filingId,
    registration,
    location: command.location ?? file.location,
    values: filedValues,
    missing: missingValues(values),
    flags: flagsOf(state, file, values, registration, context),
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

function recordCommissioning(
  state: CaseState,
  command: Command<'RecordCommissioning'>,
  context: CaseContext,
): CaseEvent[] | Rejection {
  if (state.situation === 'merged') return mergedRejection(state.into);
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const { expansionMw, commissionedOn, entryId, registration } = command;
  if (expansionMw !== undefined && findDecimal(expansionMw, 3) === undefined)
    return reject('malformed', 'values-malformed', 'some values cannot be read', [mwFault('/expansionMw')]);
  const start = openedOrRejected(state, command, context);
  if (isRejection(start)) return start;
  const { file, facts } = start;
  const location = command.location ?? file.location;
  return [
    ...facts,
    {
      type: 'DataCenterCommissioned',
      data: {
        caseId: file.caseId,
        entryId,
        registration,
        location,
        commissionedOn,
        ...(expansionMw === undefined ? {} : { expansionMw }),
      },
    },
  ];
}

function changeValues(
  file: CaseFile,
  command: Command<'CorrectFiling' | 'CompleteFiling'>,
  context: CaseContext,
): CaseEvent[] | Rejection {
  const filing = standingFiling(file, command.filingId, command.expectedVersion);
  if (isRejection(filing)) return filing;
  if (command.values.kind !== filing.kind)
    return reject('refused', 'other-kind', `the filing being changed is a ${filing.kind.replace('_', ' ')}`);
  const early = receivedInFuture(command.registration, context);
  if (early) return early;
  const before = latestRecordedVersion(filing);
  const values =
    command.type === 'CompleteFiling'
      ? ({ ...before.values, ...defined(command.values) } as FilingValues)
      : command.values;
  if (values.kind === 'quarterly_reference' && before.values.kind === 'quarterly_reference')
    if (values.period !== before.values.period)
      return reject('refused', 'other-period', 'a correction stays with its period; withdraw and file anew instead', [
        fault('/period', 'other-period', `must be ${before.values.period}`),
      ]);
  const faults = valueFaults(values);
  if (faults.length > 0) return reject('malformed', 'values-malformed', 'some values cannot be read', faults);
  const { kind: _, ...plain } = values;
  const { versionId, registration, reason } = command;
  const base = {
    caseId: file.caseId,
    filingId: filing.filingId,
    registration,
    location: command.location ?? before.location,
    values: plain,
    changed: changedValues(before.values, values),
    missing: missingValues(values),
  };
  return command.type === 'CorrectFiling'
    ? [{ type: 'FilingCorrected', data: { ...base, correctionId: versionId, ...(reason ? { reason } : {}) } }]
    : [{ type: 'FilingCompleted', data: { ...base, completionId: versionId } }];
}

const defined = (values: FilingValues): Partial<FilingValues> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));

function opened(opening: CaseOpening, context: CaseContext): CaseOpened {
  const { id, hash } = context.rules;
  return { type: 'CaseOpened', data: { ...opening, ruleSet: { id, hash }, openedOn: today(context) } };
}

function openedOrRejected(
  state: CaseState,
  command: { readonly opening?: CaseOpening },
  context: CaseContext,
): { readonly file: CaseFile; readonly facts: CaseEvent[] } | Rejection {
  if (state.situation !== 'none') return { file: state.file, facts: [] };
  if (!command.opening) return reject('not-found', 'case-unknown', 'there is no such case');
  const fact = opened(command.opening, context);
  const after = evolveCase(state, fact);
  if (after.situation === 'none') throw new Error('a case that was opened is open');
  return { file: after.file, facts: [fact] };
}

function flagsOf(
  state: CaseState,
  file: CaseFile,
  values: FilingValues,
  registration: Registration,
  context: CaseContext,
): FilingFlag[] {
  const flags: FilingFlag[] = [];
  const twin = [...file.filings.values()].some((filing) => stands(filing) && answersTheSame(filing, values));
  if (twin) flags.push('duplicate');
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

function receivedInFuture(registration: Registration, context: CaseContext): Rejection | undefined {
  const future =
    registration.precision === 'day' ? registration.receivedOn > today(context) : registration.receivedAt > context.now;
  return future
    ? reject('refused', 'received-in-future', 'a document cannot have been received in the future', [
        fault('/receivedAt', 'in-future', 'lies in the future'),
      ])
    : undefined;
}

const filingUnknown = reject('not-found', 'filing-unknown', 'there is no such filing in this case');

function standingFiling(file: CaseFile, filingId: Uuid, expectedVersion?: Uuid): Filing | Rejection {
  const filing = file.filings.get(filingId);
  if (!filing) return filingUnknown;
  if (filing.takenBack)
    return reject('conflict', `filing-${filing.takenBack.how}`, `the filing has been ${filing.takenBack.how}`);
  if (expectedVersion !== undefined && latestRecordedVersion(filing).versionId !== expectedVersion)
    return reject('stale', 'filing-changed', 'the filing has been changed since it was read');
  return filing;
}

const mergedRejection = (into: Uuid) =>
  reject('conflict', 'case-merged', `the case was merged into case ${into}; go on there`);

const today = (context: CaseContext): PlainDate => dayAt(context.now, context.rules.zone);
