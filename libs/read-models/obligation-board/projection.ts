import {
  caseStream,
  caseWorkStream,
  operatorSteps,
  stepOfTerm,
  type AlertStep,
  type AlertSubject,
  type Deadline,
  type ObligationOpened,
  type RuleSet,
} from '#libs/domain';
import type { Instant, PlainDate, Uuid } from '#libs/kernel';
import { foldHeader, headerOperatorOn } from '../case-header.js';
import { asSharedText } from '../engine/json-text.js';
import type { Projection, ProjectionContext, Rows } from '../engine/projection.js';
import { streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { obligationCaseTable, ObligationRow, obligationTable, type ObligationCaseRow } from './row.js';

export function obligationBoardProjection({ rules }: ProjectionContext): Projection {
  return {
    readModel: 'obligations',
    tables: [obligationTable, obligationCaseTable],
    feeds: feedsOf('obligations'),
    unitsOf: (fact) =>
      (fact.type === 'AlertRaised' || fact.type === 'AlertStepsPassed') && fact.data.subject.kind !== 'obligation'
        ? []
        : [streamKey(fact.stream)],
    streamsOf: (unit) => [caseStream(unit as Uuid), caseWorkStream(unit as Uuid)],
    apply(rows, fact) {
      const { header, before } = foldHeader(rows, obligationCaseTable, fact);
      if (before !== undefined && before !== header) carryHeader(rows, header);
      const row = changedObligation(rows, header, fact);
      if (row !== undefined) rows.put(obligationTable, row.obligationId, row);
    },
    settle(table, row) {
      if (table !== obligationTable) return row;
      const obligation = row as ObligationRow;
      return { ...obligation, nextStepAt: nextStepAt(rules.ruleSet(obligation.ruleSetId), obligation) };
    },
  };
}

/** A case that moves takes its duties along; one that passes to another operator leaves it those that were due before. */
function carryHeader(rows: Rows, header: ObligationCaseRow): void {
  const { region } = header;
  for (const row of [...rows.all(obligationTable)]) {
    const operatorBin = ownerOf(header, row);
    if (row.operatorBin !== operatorBin || row.region !== region)
      rows.put(obligationTable, row.obligationId, { ...row, operatorBin, region });
  }
}

const ownerOf = (header: ObligationCaseRow, { dueOn, opensOn }: Pick<ObligationRow, 'dueOn' | 'opensOn'>): string =>
  headerOperatorOn(header, dueOn ?? opensOn);

function changedObligation(rows: Rows, header: ObligationCaseRow, fact: DomainFact): ObligationRow | undefined {
  const known = (obligationId: Uuid): ObligationRow => {
    const row = rows.get(obligationTable, obligationId);
    if (row === undefined) throw new Error(`${fact.type} of an obligation that was never opened`);
    return row;
  };
  switch (fact.type) {
    case 'ObligationOpened':
      return opened(header, fact.data, fact.recordedAt);
    case 'ObligationMet': {
      const { obligationId, filingId, journalNo, receivedOn, late, daysLate } = fact.data;
      const row = known(obligationId);
      const excused = row.excusedByOrder !== null;
      const status = late === null ? 'undetermined' : !late ? 'met' : excused ? 'excused' : 'met_late';
      return { ...row, status, metByFilingId: filingId, metJournalNo: journalNo, metReceivedOn: receivedOn, daysLate };
    }
    case 'ObligationMissed': {
      const missed = { status: 'missed', missDetectedOn: fact.data.detectedOn, missRescindedBecause: null } as const;
      return { ...known(fact.data.obligationId), ...missed };
    }
    case 'MissRescinded': {
      const rescinded = { status: 'open', missDetectedOn: null, missRescindedBecause: fact.data.because } as const;
      return { ...known(fact.data.obligationId), ...rescinded };
    }
    case 'ObligationReopened': {
      const row = known(fact.data.obligationId);
      const unmet = row.missDetectedOn === null ? 'open' : 'missed';
      return { ...row, status: row.excusedByOrder === null ? unmet : 'excused', ...notMet };
    }
    case 'ObligationVoided':
      return { ...known(fact.data.obligationId), status: 'void', ...notMet };
    case 'DeadlineRevised': {
      const { obligationId, deadline, because } = fact.data;
      const row = { ...known(obligationId), ...deadlineColumns(deadline), revisedBecause: because };
      return { ...row, operatorBin: ownerOf(header, row) };
    }
    case 'ObligationExcused': {
      const { obligationId, orderNo, reason, excusedOn } = fact.data;
      return { ...known(obligationId), status: 'excused', excusedByOrder: orderNo, excuseReason: reason, excusedOn };
    }
    case 'AlertRaised':
      return withSteps(known(fact.data.subject.id), [...fact.data.passed, fact.data.step], fact.data);
    case 'AlertStepsPassed':
      return withSteps(known(fact.data.subject.id), fact.data.passed, fact.data);
    default:
      return undefined;
  }
}

const notMet = { metByFilingId: null, metJournalNo: null, metReceivedOn: null, daysLate: null };

function opened(header: ObligationCaseRow, data: ObligationOpened['data'], openedAt: Instant): ObligationRow {
  const { caseId, caseRef, region } = header;
  const { obligationId, kind, period, opensOn, deadline, learnedOn, historical } = data;
  const { nominalDueOn, dueOn, endsAt, trace } = deadlineColumns(deadline);
  // One literal without spreads: hundreds of thousands of rows are held, and a spread of many columns makes them slow.
  return {
    obligationId,
    caseId,
    caseRef,
    operatorBin: ownerOf(header, { dueOn, opensOn }),
    region,
    kind,
    period: period ?? null,
    opensOn,
    openedAt,
    learnedOn,
    nominalDueOn,
    dueOn,
    endsAt,
    trace,
    revisedBecause: null,
    ruleSetId: deadline?.trace.ruleSet.id ?? header.ruleSetId,
    status: deadline === null ? 'undetermined' : 'open',
    historical,
    metByFilingId: null,
    metJournalNo: null,
    metReceivedOn: null,
    daysLate: null,
    missDetectedOn: null,
    missRescindedBecause: null,
    excusedByOrder: null,
    excuseReason: null,
    excusedOn: null,
    stepsTaken: [],
    nextStepAt: null,
  };
}

const deadlineColumns = (deadline: Deadline | null) => ({
  nominalDueOn: deadline?.nominalOn ?? null,
  dueOn: deadline?.dueOn ?? null,
  endsAt: deadline?.endsAt ?? null,
  trace: deadline === null ? null : asSharedText(deadline.trace),
});

function withSteps(
  row: ObligationRow,
  steps: readonly AlertStep[],
  { subject, dueOn }: { readonly subject: AlertSubject; readonly dueOn?: PlainDate },
): ObligationRow {
  const taken = new Set(row.stepsTaken);
  for (const step of steps) taken.add(stepOfTerm(subject, step, dueOn));
  return { ...row, stepsTaken: [...taken] };
}

/**
 * An open duty is looked at when the next step of its ladder is reached, and at the end of its term for the miss; a
 * missed one for the rest of the ladder. In one term a step below one that was taken is never due again.
 */
function nextStepAt(rules: RuleSet, row: ObligationRow): Instant | null {
  const { obligationId: id, status, dueOn, endsAt, openedAt, stepsTaken } = row;
  if ((status !== 'open' && status !== 'missed') || dueOn === null || endsAt === null) return null;
  const steps = operatorSteps(rules, { openedAt, dueOn });
  const subject: AlertSubject = { kind: 'obligation', id };
  const highest = steps.findLastIndex(
    ({ step }) => stepsTaken.includes(stepOfTerm(subject, step, dueOn)) || stepsTaken.includes(step),
  );
  const next = steps[highest + 1]?.at;
  if (status === 'missed') return next ?? null;
  return next === undefined || endsAt < next ? endsAt : next;
}
