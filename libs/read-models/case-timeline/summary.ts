import type { PlainDate } from '#libs/kernel';
import type { DomainFact } from '../facts.js';

/** The day on which the fact counts in law; undefined where the law names none. */
export function legalDay(fact: DomainFact): PlainDate | undefined {
  switch (fact.type) {
    case 'PlannedConstructionFiled':
    case 'QuarterlyReferenceFiled':
    case 'TerminationFiled':
    case 'DataCenterCommissioned':
    case 'FilingCorrected':
    case 'FilingCompleted':
    case 'FilingWithdrawn':
      return fact.data.registration.receivedOn;
    case 'CaseOpened':
      return fact.data.openedOn;
    case 'FilingAnnulled':
      return fact.data.annulledOn;
    case 'ObligationOpened':
      return fact.data.opensOn;
    case 'ObligationMet':
      return fact.data.receivedOn;
    case 'ObligationMissed':
    case 'NoticeTermBreached':
      return fact.data.detectedOn;
    case 'ObligationExcused':
      return fact.data.excusedOn;
    case 'CaseTransferred':
    case 'CaseLocationChanged':
      return fact.data.effectiveOn;
    case 'AlertRaised':
      return fact.data.raisedOn;
    case 'NoticeIssued':
      return fact.data.issuedOn;
    case 'NoticeAcknowledged':
      return fact.data.theirDate;
    default:
      return undefined;
  }
}

/** What a line of the history shows beside the fact's name. No secret is in it: sealed values are only told to be there. */
export function summary(fact: DomainFact): Readonly<Record<string, unknown>> {
  switch (fact.type) {
    case 'CaseOpened': {
      const { caseRef, operatorBin, location, ruleSet } = fact.data;
      return { caseRef, operatorBin, ...location, ruleSet: ruleSet.id };
    }
    case 'PlannedConstructionFiled': {
      const { filingId, registration, values, missing, flags } = fact.data;
      const { bank, ...open } = values;
      return { filingId, ...arrival(registration), ...open, bankOnFile: bank !== undefined, missing, flags };
    }
    case 'QuarterlyReferenceFiled':
    case 'TerminationFiled': {
      const { filingId, registration, values, missing, flags } = fact.data;
      return { filingId, ...arrival(registration), ...values, missing, flags };
    }
    case 'DataCenterCommissioned': {
      const { entryId, registration, commissionedOn, expansionMw } = fact.data;
      return { entryId, ...arrival(registration), commissionedOn, expansionMw };
    }
    case 'FilingCorrected': {
      const { filingId, correctionId, registration, changed, missing, reason } = fact.data;
      return { filingId, versionId: correctionId, ...arrival(registration), changed, missing, reason };
    }
    case 'FilingCompleted': {
      const { filingId, completionId, registration, changed, missing } = fact.data;
      return { filingId, versionId: completionId, ...arrival(registration), changed, missing };
    }
    case 'FilingWithdrawn': {
      const { filingId, registration, reason } = fact.data;
      return { filingId, ...arrival(registration), reason };
    }
    case 'ObligationOpened':
    case 'DeadlineRevised': {
      const { deadline, ...rest } = without(fact.data);
      return { ...rest, nominalOn: deadline?.nominalOn ?? null, dueOn: deadline?.dueOn ?? null };
    }
    case 'CaseAbsorbed': {
      const { fromCaseId, filings, commissionings } = fact.data;
      return { fromCaseId, filings: filings.length, commissionings: commissionings.length };
    }
    case 'NoticeIssued': {
      const { noticeId, number, filingId, versionId, trigger, stage, period, deadline, contents, historical } =
        fact.data;
      const { location, powerMw, expansionMw } = contents;
      const told = { ...location, powerMw, expansionMw };
      return {
        noticeId,
        number,
        filingId,
        versionId,
        trigger,
        stage,
        period,
        dueOn: deadline.dueOn,
        ...told,
        historical,
      };
    }
    case 'OperatorRegistered':
    case 'OperatorChanged':
    case 'TermExtended':
    case 'OutageRecorded':
    case 'CalendarCorrected':
      return {};
    default:
      return without(fact.data);
  }
}

const arrival = ({ journalNo, channel }: { readonly journalNo: string; readonly channel: string }) => ({
  journalNo,
  channel,
});

/** The line belongs to the case already. */
function without<Data extends object>(data: Data): Omit<Data, 'caseId'> {
  const { caseId: _, ...rest } = data as Data & { readonly caseId?: unknown };
  return rest;
}
