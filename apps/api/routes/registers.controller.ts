import { Controller, Param } from '@nestjs/common';
import type { CaseEvent } from '#libs/domain';
import type { Uuid } from '#libs/kernel';
import {
  alertView,
  alertViewForOfficers,
  caseView,
  caseViewForOfficers,
  deadlineView,
  filingItem,
  filingView,
  filingViewForOperators,
  itemsOf,
  obligationView,
  operatorView,
  timelineView,
  timelineViewForOperators,
} from '../answers/views.js';
import { Ask, Exchange, QueryOf, type Caller } from '../exchange.js';
import { notFound } from '../faults.js';
import { Lookups } from '../lookups.js';
import { given, orderOf, Questions } from '../questions.js';
import { idOf } from '../requests/filing-input.js';
import {
  AlertsQuery,
  CasesQuery,
  FilingsQuery,
  ObligationsQuery,
  OperatorsQuery,
  PageQuery,
  PositionQuery,
} from '../requests/query.request.js';
import { Question } from '../routing.js';
import { ownBin } from './operators.controller.js';

/** What an operator is shown of its case's history: the legal facts, not how the authority works on it. */
const legalFacts = [
  'CaseOpened',
  'PlannedConstructionFiled',
  'QuarterlyReferenceFiled',
  'TerminationFiled',
  'DataCenterCommissioned',
  'CommissioningWithdrawn',
  'FilingCorrected',
  'FilingWithdrawn',
  'FilingAnnulled',
  'FilingMarkedIncomplete',
  'CompletionRequested',
  'FilingCompleted',
  'DocumentAttached',
  'ObligationOpened',
  'ObligationMet',
  'ObligationMissed',
  'MissRescinded',
  'ObligationReopened',
  'DeadlineRevised',
  'ObligationVoided',
  'ObligationExcused',
  'CaseTransferred',
  'CaseLocationChanged',
  'CaseMerged',
  'CaseAbsorbed',
  'CaseClosed',
  'CaseReopened',
] as const satisfies readonly CaseEvent['type'][];

const isOperator = ({ operatorBin }: Caller): boolean => operatorBin !== undefined;

/** An operator's list is of its own; asking for another operator's gives an empty one. */
function binFilter({ operatorBin }: Caller, asked: string | undefined): string | undefined | 'nobody' {
  if (operatorBin === undefined) return asked;
  return asked === undefined || asked === operatorBin ? operatorBin : 'nobody';
}

const emptyPage = { items: [], next: null };

@Controller('api/v1')
export class RegistersController {
  constructor(
    private readonly questions: Questions,
    private readonly lookups: Lookups,
  ) {}

  @Question('cases', { action: 'read-cases', summary: 'Cases', query: CasesQuery, answer: 'CasePage', tag: 'cases' })
  async cases(@Ask() exchange: Exchange, @QueryOf(CasesQuery) query: CasesQuery) {
    const { after, sort, dueTo, operatorBin, ...filters } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    const bin = binFilter(exchange.caller, operatorBin);
    if (bin === 'nobody') return emptyPage;
    const operators = isOperator(exchange.caller);
    if (operators) {
      delete filters.assignee;
      delete filters.unassigned;
    }
    const page = await ask.cases.list({
      ...given({ ...filters, operatorBin: bin, dueUntil: dueTo }),
      ...orderOf<'ref'>(sort),
    });
    return itemsOf(page, operators ? caseView : caseViewForOfficers);
  }

  @Question('cases/:caseId', {
    action: 'read-cases',
    summary: 'One case',
    params: { caseId: 'Id of the case.' },
    query: PositionQuery,
    answer: 'Case',
    tag: 'cases',
  })
  async case(@Ask() exchange: Exchange, @Param('caseId') id: string, @QueryOf(PositionQuery) { after }: PositionQuery) {
    const caseId = await this.caseId(exchange, id);
    const { ask } = await this.questions.caughtUp(exchange, after);
    const row = await this.questions.found(() => ask.cases.find(caseId));
    if (!row) throw notFound('case');
    return isOperator(exchange.caller) ? caseView(row) : caseViewForOfficers(row);
  }

  @Question('cases/:caseId/timeline', {
    action: 'read-timeline',
    summary: 'The history of a case, as it was recorded',
    params: { caseId: 'Id of the case.' },
    query: PageQuery,
    answer: 'TimelinePage',
    tag: 'cases',
  })
  async timeline(@Ask() exchange: Exchange, @Param('caseId') id: string, @QueryOf(PageQuery) query: PageQuery) {
    const caseId = await this.caseId(exchange, id);
    const { after, ...page } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    const operators = isOperator(exchange.caller);
    return itemsOf(
      await ask.timeline.ofCase(caseId, { ...given(page), ...(operators ? { types: legalFacts } : {}) }),
      (row): ReturnType<typeof timelineView> | ReturnType<typeof timelineViewForOperators> =>
        operators ? timelineViewForOperators(row) : timelineView(row),
    );
  }

  @Question('cases/:caseId/obligations', {
    action: 'read-cases',
    summary: 'All duties of a case, the earliest due first',
    params: { caseId: 'Id of the case.' },
    query: PositionQuery,
    answer: 'ObligationPage',
    tag: 'cases',
  })
  async obligationsOfCase(
    @Ask() exchange: Exchange,
    @Param('caseId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    const caseId = await this.caseId(exchange, id);
    const { ask, today } = await this.questions.caughtUp(exchange, after);
    return itemsOf({ rows: await ask.obligations.ofCase(caseId, today) }, obligationView);
  }

  @Question('filings', {
    action: 'read-filings',
    summary: 'The filing register',
    query: FilingsQuery,
    answer: 'FilingPage',
    tag: 'filings',
  })
  async filings(@Ask() exchange: Exchange, @QueryOf(FilingsQuery) query: FilingsQuery) {
    const { after, sort, receivedTo, operatorBin, ...filters } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    const own = exchange.caller.operatorBin;
    const { caseId } = filters;
    // Of a case of its own it sees what a former operator filed, too.
    const holds = own !== undefined && caseId !== undefined && (await ask.filings.holderOf(caseId)) === own;
    const bin = holds ? operatorBin : binFilter(exchange.caller, operatorBin);
    if (bin === 'nobody') return emptyPage;
    const page = await ask.filings.list({
      ...given({ ...filters, operatorBin: bin, receivedUntil: receivedTo }),
      ...orderOf<'received'>(sort),
    });
    return itemsOf(page, filingItem);
  }

  @Question('filings/:filingId', {
    action: 'read-filings',
    summary: 'One filing with all its versions',
    params: { filingId: 'Id of the filing.' },
    query: PositionQuery,
    answer: 'Filing',
    etag: 'answered',
    tag: 'filings',
  })
  async filing(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    const { ask } = await this.questions.caughtUp(exchange, after);
    const { filing } = await this.lookups.getFilingToRead(exchange.caller, idOf(id, 'filing'));
    const row = await ask.filings.find(filing.filingId);
    if (!row) throw notFound('filing');
    exchange.answerHeader('etag', `"${row.latestVersionId}"`);
    return exchange.caller.operatorBin === undefined ? filingView(row) : filingViewForOperators(row);
  }

  @Question('obligations', {
    action: 'read-obligations',
    summary: 'The obligation board',
    query: ObligationsQuery,
    answer: 'ObligationPage',
    tag: 'obligations',
  })
  async obligations(@Ask() exchange: Exchange, @QueryOf(ObligationsQuery) query: ObligationsQuery) {
    const { after, sort, dueTo, status, operatorBin, ...filters } = query;
    const { ask, today } = await this.questions.caughtUp(exchange, after);
    const bin = binFilter(exchange.caller, operatorBin);
    if (bin === 'nobody') return emptyPage;
    return itemsOf(
      await ask.obligations.list({
        today,
        ...given({ ...filters, operatorBin: bin, dueUntil: dueTo, display: status }),
        ...orderOf<'due'>(sort),
      }),
      obligationView,
    );
  }

  @Question('obligations/:obligationId', {
    action: 'read-obligations',
    summary: 'One duty',
    params: { obligationId: 'Id of the obligation.' },
    query: PositionQuery,
    answer: 'Obligation',
    tag: 'obligations',
  })
  async obligation(
    @Ask() exchange: Exchange,
    @Param('obligationId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    return obligationView(await this.getObligation(exchange, id, after));
  }

  @Question('obligations/:obligationId/deadline', {
    action: 'explain-deadline',
    summary: 'How the deadline was found, in words and as stored',
    params: { obligationId: 'Id of the obligation.' },
    query: PositionQuery,
    answer: 'DeadlineExplained',
    tag: 'obligations',
  })
  async deadline(
    @Ask() exchange: Exchange,
    @Param('obligationId') id: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    return deadlineView(await this.getObligation(exchange, id, after));
  }

  @Question('alerts', {
    action: 'read-alerts',
    summary: 'The alert register',
    query: AlertsQuery,
    answer: 'AlertPage',
    tag: 'alerts',
  })
  async alerts(@Ask() exchange: Exchange, @QueryOf(AlertsQuery) query: AlertsQuery) {
    const { after, sort, dueTo, operatorBin, ...filters } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    const bin = binFilter(exchange.caller, operatorBin);
    if (bin === 'nobody') return emptyPage;
    const operators = isOperator(exchange.caller);
    if (operators) delete filters.assignee;
    return itemsOf(
      await ask.alerts.list({
        ...given({ ...filters, operatorBin: bin, dueUntil: dueTo }),
        // What the authority is reminded of in its own work is not the operator's.
        ...(operators ? { audience: 'operator' as const, subjectKind: 'obligation' as const } : {}),
        ...orderOf<'raised'>(sort),
      }),
      operators ? alertView : alertViewForOfficers,
    );
  }

  @Question('operators', {
    action: 'read-operators',
    summary: 'Registered operators',
    query: OperatorsQuery,
    answer: 'OperatorPage',
    tag: 'operators',
  })
  async operators(@Ask() exchange: Exchange, @QueryOf(OperatorsQuery) query: OperatorsQuery) {
    const { after, sort, ...filters } = query;
    const { ask } = await this.questions.caughtUp(exchange, after);
    const { operatorBin } = exchange.caller;
    if (operatorBin !== undefined) {
      const own = await ask.operators.find(operatorBin);
      return itemsOf({ rows: own ? [own] : [] }, operatorView);
    }
    return itemsOf(await ask.operators.list({ ...given(filters), ...orderOf<'name'>(sort) }), operatorView);
  }

  @Question('operators/:bin', {
    action: 'read-operators',
    summary: 'One operator',
    params: { bin: 'BIN of the operator.' },
    query: PositionQuery,
    answer: 'Operator',
    tag: 'operators',
  })
  async operator(
    @Ask() exchange: Exchange,
    @Param('bin') text: string,
    @QueryOf(PositionQuery) { after }: PositionQuery,
  ) {
    const bin = ownBin(exchange, text);
    const { ask } = await this.questions.caughtUp(exchange, after);
    const row = await this.questions.found(() => ask.operators.find(bin));
    if (!row) throw notFound('operator');
    return operatorView(row);
  }

  private async caseId({ caller }: Exchange, text: string): Promise<Uuid> {
    const caseId = idOf(text, 'case');
    await this.lookups.getCase(caller, caseId);
    return caseId;
  }

  private async getObligation(exchange: Exchange, text: string, after: string | undefined) {
    const { ask, today } = await this.questions.caughtUp(exchange, after);
    const obligationId = idOf(text, 'obligation');
    await this.lookups.getCaseOfObligation(exchange.caller, obligationId);
    const row = await ask.obligations.find(obligationId, today);
    if (!row) throw notFound('obligation');
    return row;
  }
}
