import type { Instant } from '#libs/kernel';
import { dayAt } from '#libs/kernel';
import type { CaseEvent, DeadlineRevised, ObligationVoided } from './events.js';
import { evolveCase } from './evolve.js';
import { assessObligations, type AsOf, type AssessedObligation, type Circumstances } from './obligations.js';
import type { CaseFile, CaseState, Obligation } from './state.js';

export interface AssessmentContext extends Circumstances {
  readonly now: Instant;
  /** True while history is imported: what is found is recorded, nothing of it is alerted. */
  readonly historical: boolean;
}

/** The facts that bring the recorded obligations to what the legal facts of the case say now. None when they agree. */
export function assessmentFacts(state: CaseState, context: AssessmentContext): CaseEvent[] {
  if (state.situation === 'none') return [];
  const asOf = { day: dayAt(context.now, context.rules.zone), at: context.now };
  if (state.situation === 'merged') return voidAll(state.file);
  const { file } = state;
  const facts: CaseEvent[] = [];
  const found = assessObligations(file, context, asOf);
  const foundIds = new Set(found.map((one) => one.obligationId));
  for (const assessed of found) facts.push(...difference(file, assessed, context, asOf));
  for (const recorded of file.obligations.values()) {
    if (foundIds.has(recorded.obligationId) || recorded.status === 'void') continue;
    facts.push(...voided(file, recorded, 'duty-never-arose'));
  }
  return facts;
}

const voidAll = (file: CaseFile): CaseEvent[] =>
  [...file.obligations.values()]
    .filter((recorded) => recorded.status !== 'void')
    .flatMap((recorded) => voided(file, recorded, 'case-merged'));

/** A duty that is none was not missed either. */
function voided(file: CaseFile, recorded: Obligation, because: ObligationVoided['data']['because']): CaseEvent[] {
  const ref = { caseId: file.caseId, obligationId: recorded.obligationId };
  return [
    ...(recorded.missed ? [{ type: 'MissRescinded' as const, data: { ...ref, because: 'duty-void' as const } }] : []),
    { type: 'ObligationVoided', data: { ...ref, because } },
  ];
}

function difference(file: CaseFile, assessed: AssessedObligation, context: AssessmentContext, asOf: AsOf): CaseEvent[] {
  const { obligationId, kind, period, opensOn, deadline } = assessed;
  const ref = { caseId: file.caseId, obligationId };
  const facts: CaseEvent[] = [];
  let recorded = file.obligations.get(obligationId);

  if (recorded === undefined) {
    facts.push({
      type: 'ObligationOpened',
      data: {
        ...ref,
        kind,
        ...(period ? { period } : {}),
        opensOn,
        deadline,
        learnedOn: asOf.day,
        historical: context.historical,
      },
    });
  } else {
    if (recorded.status === 'void')
      facts.push({ type: 'ObligationReopened', data: { ...ref, because: 'duty-arose-again' } });
    if (!sameDeadline(recorded, assessed))
      facts.push({ type: 'DeadlineRevised', data: { ...ref, deadline, because: whyRevised(recorded, assessed) } });
  }
  recorded = fold(file, facts).obligations.get(obligationId)!;
  facts.push(...statusFacts(recorded, assessed, ref, context, asOf));
  return facts;
}

function statusFacts(
  recorded: Obligation,
  assessed: AssessedObligation,
  ref: { caseId: CaseFile['caseId']; obligationId: Obligation['obligationId'] },
  context: AssessmentContext,
  asOf: AsOf,
): CaseEvent[] {
  const { metBy, deadline } = assessed;
  if (metBy) {
    const late = metBy.daysLate === null ? null : metBy.daysLate > 0;
    const same = recorded.metBy?.filingId === metBy.filing.filingId && recorded.metBy.daysLate === metBy.daysLate;
    if (same) return [];
    const met: CaseEvent = {
      type: 'ObligationMet',
      data: {
        ...ref,
        filingId: metBy.filing.filingId,
        journalNo: metBy.filing.versions[0]!.registration.journalNo,
        receivedOn: metBy.receivedOn,
        late,
        daysLate: metBy.daysLate,
      },
    };
    return recorded.missed && late !== true
      ? [{ type: 'MissRescinded', data: { ...ref, because: 'filing-received-in-time' } }, met]
      : [met];
  }
  const facts: CaseEvent[] = [];
  if (recorded.metBy) facts.push({ type: 'ObligationReopened', data: { ...ref, because: 'filing-taken-back' } });
  if (recorded.excuse) return facts;
  if (assessed.status === 'missed' && !recorded.missed)
    facts.push({
      type: 'ObligationMissed',
      data: { ...ref, dueOn: deadline!.dueOn, detectedOn: asOf.day, historical: context.historical },
    });
  if (assessed.status === 'open' && recorded.missed)
    facts.push({ type: 'MissRescinded', data: { ...ref, because: 'deadline-revised' } });
  return facts;
}

const fold = (file: CaseFile, facts: readonly CaseEvent[]): CaseFile => {
  const state = facts.reduce<CaseState>(evolveCase, { situation: 'active', file });
  return state.situation === 'none' ? file : state.file;
};

const sameDeadline = (recorded: Obligation, assessed: AssessedObligation) =>
  recorded.deadline?.nominalOn === assessed.deadline?.nominalOn &&
  recorded.deadline?.dueOn === assessed.deadline?.dueOn &&
  recorded.deadline?.endsAt === assessed.deadline?.endsAt;

function whyRevised(recorded: Obligation, assessed: AssessedObligation): DeadlineRevised['data']['because'] {
  const [was, is] = [recorded.deadline, assessed.deadline];
  if (was?.trace.trigger.on !== is?.trace.trigger.on) return 'value-corrected';
  const [orderBefore, order] = [was?.trace.extendedBy?.orderId, is?.trace.extendedBy?.orderId];
  // An extension that holds no longer: it was ordered after what meets the duty came, or for where the centre is not.
  if (was && is && is.dueOn < was.dueOn && orderBefore !== undefined && orderBefore !== order)
    return assessed.metBy ? 'received-before-order' : 'place-changed';
  if (order !== undefined && order !== orderBefore) return order.startsWith('outage ') ? 'outage' : 'term-extended';
  return 'calendar-corrected';
}
