import { isRejection, never, reject, type Decider } from '#libs/kernel';
import { assessmentFacts } from './assessment.js';
import {
  absorbCase,
  changeLocation,
  closeCase,
  excuseObligation,
  mergeCase,
  recordCommissioning,
  reopenCase,
  transferCase,
  withdrawCommissioning,
} from './case-decisions.js';
import type { CaseCommand } from './commands.js';
import type { CaseEvent } from './events.js';
import { evolveCase } from './evolve.js';
import { changeValues } from './filing-changes.js';
import {
  attachDocument,
  confirmAnnulment,
  markIncomplete,
  proposeAnnulment,
  recordFiling,
  requestCompletion,
  withdrawFiling,
} from './filing-decisions.js';
import { mergedRejection, opened, type CaseContext, type Decision } from './guards.js';
import { initialCase, type CaseState } from './state.js';

export type { CaseContext } from './guards.js';

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

/** What the command itself does; what it changes in the duties is added from the state after it. */
function decideItself(state: CaseState, command: CaseCommand, context: CaseContext): Decision {
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
      return reopenCase(state, command);
    case 'MergeCase':
      return state.situation === 'merged' ? mergedRejection(state.into) : mergeCase(file, command);
    default:
      break;
  }
  if (state.situation === 'merged') return mergedRejection(state.into);
  switch (command.type) {
    case 'WithdrawCommissioning':
      return withdrawCommissioning(file, command);
    case 'CorrectFiling':
    case 'CompleteFiling':
      return changeValues(file, command, context);
    case 'WithdrawFiling':
      return withdrawFiling(file, command, context);
    case 'ProposeAnnulment':
      return proposeAnnulment(file, command);
    case 'ConfirmAnnulment':
      return confirmAnnulment(file, command, context);
    case 'MarkFilingIncomplete':
      return markIncomplete(file, command);
    case 'RequestCompletion':
      return requestCompletion(file, command, context);
    case 'AttachDocument':
      return attachDocument(file, command);
    case 'ExcuseObligation':
      return excuseObligation(file, command, context);
    case 'TransferCase':
      return transferCase(file, command, context);
    case 'ChangeLocation':
      return changeLocation(file, command, context);
    case 'AbsorbCase':
      return absorbCase(file, command);
    case 'CloseCase':
      return state.situation === 'closed'
        ? reject('conflict', 'case-closed', 'the case is closed already')
        : closeCase(file, command, context);
    default:
      return never(command);
  }
}
