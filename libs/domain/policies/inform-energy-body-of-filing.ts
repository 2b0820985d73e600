import type { Fact, Uuid } from '#libs/kernel';
import type { CaseEvent } from '../case/index.js';
import { isImported, type Intention, type Policy } from './policy.js';

/**
 * Clause 6: the energy body is told of what was filed within five days. Whether this version is one it must be told of
 * (a correction that changes no notified value is not) is decided from the case when the notice is issued.
 */
export const informEnergyBodyOfFiling: Policy = {
  name: 'inform-energy-body-of-filing',
  on: ['PlannedConstructionFiled', 'QuarterlyReferenceFiled', 'TerminationFiled', 'FilingCorrected', 'FilingCompleted'],

  answer(fact): readonly Intention[] {
    const versionId = isImported(fact) ? undefined : versionOf(fact);
    if (versionId === undefined) return [];
    const { caseId } = (fact as Fact & CaseEvent).data;
    return [{ intention: 'issue-notice', caseId, versionId }];
  },
};

function versionOf(fact: Fact): Uuid | undefined {
  const event = fact as Fact & CaseEvent;
  switch (event.type) {
    case 'PlannedConstructionFiled':
    case 'QuarterlyReferenceFiled':
    case 'TerminationFiled':
      return event.data.filingId;
    case 'FilingCorrected':
      return event.data.correctionId;
    case 'FilingCompleted':
      return event.data.completionId;
    default:
      return undefined;
  }
}
