import { Controller, Param, type Type } from '@nestjs/common';
import {
  CompleteFiling,
  ConfirmAnnulment,
  CorrectFiling,
  MarkFilingIncomplete,
  ProposeAnnulment,
  RequestCompletion,
  ShowBankDetails,
  WithdrawFiling,
  type ChangeFilingInput,
  type Done,
  type GivenValues,
  type UseCase,
} from '#libs/application';
import { bankAccountOf, type CaseState, type Filing } from '#libs/domain';
import { mayEnterPaper } from '../access.js';
import { filingAnswer } from '../answers/filing.answer.js';
import { Commands, expectedVersion } from '../commands.js';
import { Ask, BodyOf, Exchange } from '../exchange.js';
import { notFound, readOrRefuse } from '../faults.js';
import { Law } from '../law.js';
import { Lookups } from '../lookups.js';
import {
  checkSubmission,
  idOf,
  intakeOf,
  locationOf,
  plannedConstructionValues,
  quarterlyReferenceValues,
  statedAndCleared,
  terminationValues,
} from '../requests/filing-input.js';
import {
  CompletionRequestBody,
  IncompleteMarkBody,
  LookBody,
  PlannedConstructionChangeBody,
  QuarterlyReferenceChangeBody,
  TerminationChangeBody,
  WithdrawalBody,
  type ChangeBody,
} from '../requests/filing.request.js';
import { ReasonBody } from '../requests/registry.request.js';
import { Command } from '../routing.js';

const tag = 'filings';
const params = { filingId: 'Id of the filing.' };
const changeBodies = [PlannedConstructionChangeBody, QuarterlyReferenceChangeBody, TerminationChangeBody];

@Controller('api/v1/filings/:filingId')
export class FilingChangesController {
  constructor(
    private readonly commands: Commands,
    private readonly lookups: Lookups,
    private readonly law: Law,
  ) {}

  @Command('corrections', {
    action: 'correct-filing',
    summary: 'Correct a filing',
    description:
      'Values that are left out stay as they were; null says that one is no longer declared. The filing and its correction both stay visible.',
    params,
    body: changeBodies,
    answer: 'FilingAnswer',
    status: 201,
    etag: 'matched',
    tag,
  })
  correct(@Ask() exchange: Exchange, @Param('filingId') id: string) {
    return this.change(exchange, id, CorrectFiling);
  }

  @Command('completion', {
    action: 'complete-filing',
    summary: 'Give what an incomplete filing lacked',
    description: 'Values that are left out stay as they were.',
    params,
    body: changeBodies,
    answer: 'FilingAnswer',
    status: 201,
    etag: 'matched',
    tag,
  })
  complete(@Ask() exchange: Exchange, @Param('filingId') id: string) {
    return this.change(exchange, id, CompleteFiling);
  }

  @Command('withdrawal', {
    action: 'withdraw-filing',
    summary: 'Withdraw a filing',
    params,
    body: WithdrawalBody,
    answer: 'FilingAnswer',
    status: 201,
    etag: 'matched',
    tag,
  })
  async withdraw(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @BodyOf(WithdrawalBody) body: WithdrawalBody,
  ) {
    const { file, filing } = await this.lookups.getFilingToChange(exchange.caller, idOf(id, 'filing'));
    const { operatorBin: byOperator } = exchange.caller;
    const version = expectedVersion(exchange);
    checkSubmission(body, exchange.arrivedAt);
    const done = await this.commands.run(
      exchange,
      WithdrawFiling,
      {
        caseId: file.caseId,
        filingId: filing.filingId,
        intake: intakeOf(body, mayEnterPaper(exchange.caller)),
        ...(body.reason === undefined ? {} : { reason: body.reason }),
        ...(version === undefined ? {} : { expectedVersion: version }),
      },
      { pointers: pointersOf(body), known: byOperator === undefined ? {} : { byOperator } },
    );
    return this.answered(exchange, done);
  }

  @Command('annulment-proposal', {
    action: 'propose-annulment',
    summary: 'Propose to annul a filing',
    description: 'A second person confirms it.',
    params,
    body: ReasonBody,
    answer: 'FilingRef',
    tag,
  })
  async proposeAnnulment(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @BodyOf(ReasonBody) { reason }: ReasonBody,
  ) {
    const ref = await this.ref(exchange, id);
    await this.commands.run(exchange, ProposeAnnulment, { ...ref, by: exchange.caller.actor.id, reason });
    return ref;
  }

  @Command('annulment', {
    action: 'confirm-annulment',
    summary: 'Confirm the annulment that somebody else proposed',
    params,
    answer: 'FilingRef',
    tag,
  })
  async confirmAnnulment(@Ask() exchange: Exchange, @Param('filingId') id: string) {
    const ref = await this.ref(exchange, id);
    await this.commands.run(exchange, ConfirmAnnulment, { ...ref, by: exchange.caller.actor.id });
    return ref;
  }

  @Command('incomplete-mark', {
    action: 'mark-filing-incomplete',
    summary: 'Mark a filing incomplete',
    params,
    body: IncompleteMarkBody,
    answer: 'FilingRef',
    tag,
  })
  async markIncomplete(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @BodyOf(IncompleteMarkBody) { missing, remark }: IncompleteMarkBody,
  ) {
    const ref = await this.ref(exchange, id);
    await this.commands.run(exchange, MarkFilingIncomplete, { ...ref, missing, remark });
    return ref;
  }

  @Command('completion-request', {
    action: 'request-completion',
    summary: 'Ask the operator for what is missing',
    params,
    body: CompletionRequestBody,
    answer: 'FilingRef',
    tag,
  })
  async requestCompletion(
    @Ask() exchange: Exchange,
    @Param('filingId') id: string,
    @BodyOf(CompletionRequestBody) { by, text }: CompletionRequestBody,
  ) {
    const ref = await this.ref(exchange, id);
    await this.commands.run(exchange, RequestCompletion, { ...ref, by, text });
    return ref;
  }

  @Command('bank-details/look', {
    action: 'read-bank-details',
    summary: 'Look at the bank details of an appeal',
    description: 'The look and its reason are on record before anything is shown.',
    params,
    body: LookBody,
    answer: 'BankDetails',
    tag,
  })
  async look(@Ask() exchange: Exchange, @Param('filingId') id: string, @BodyOf(LookBody) { reason }: LookBody) {
    const { caller } = exchange;
    const { file, filing } = await this.lookups.getFilingToRead(caller, idOf(id, 'filing'));
    // An account is not passed on with a case.
    if (caller.operatorBin !== undefined && bankAccountOf(filing)?.filedBy !== caller.operatorBin)
      throw notFound('bank-details');
    const ref = { caseId: file.caseId, filingId: filing.filingId };
    const { iban, bic } = await this.commands.run(exchange, ShowBankDetails, { ...ref, reason });
    return { bankIban: iban, bankBic: bic };
  }

  private async ref({ caller }: Exchange, id: string) {
    const { file, filing } = await this.lookups.getFilingToChange(caller, idOf(id, 'filing'));
    return { caseId: file.caseId, filingId: filing.filingId };
  }

  private async change(exchange: Exchange, id: string, useCase: Type<UseCase<ChangeFilingInput, Done<CaseState>>>) {
    const { file, filing } = await this.lookups.getFilingToChange(exchange.caller, idOf(id, 'filing'));
    const { body, values, cleared } = changeOf(filing, exchange.body);
    const version = expectedVersion(exchange);
    const intake = intakeOf(body, mayEnterPaper(exchange.caller));
    checkSubmission(body, exchange.arrivedAt);
    if (values.kind === 'termination')
      this.law.checkHappened(values.activityEndedOn, intake, exchange.arrivedAt, '/activityEndedOn');
    const { location, reason, brought } = body;
    if (location) this.law.checkRegion(location.region, this.law.dayOf(intake, exchange.arrivedAt), '/location/region');
    const done = await this.commands.run(
      exchange,
      useCase,
      {
        caseId: file.caseId,
        filingId: filing.filingId,
        intake,
        ...(location === undefined ? {} : { location: locationOf(location) }),
        values,
        ...(cleared.length === 0 ? {} : { cleared }),
        ...(brought === undefined ? {} : { brought }),
        ...(reason === undefined ? {} : { reason }),
        ...(version === undefined ? {} : { expectedVersion: version }),
      },
      { pointers: pointersOf(body) },
    );
    return this.answered(exchange, done);
  }

  private answered(exchange: Exchange, done: Done<CaseState>) {
    const answer = filingAnswer(done);
    exchange.answerHeader('location', `/api/v1/filings/${answer.filingId}`);
    exchange.answerHeader('etag', `"${answer.versionId}"`);
    return answer;
  }
}

const pointersOf = ({ receivedOn }: { readonly receivedOn?: string }): { readonly [from: string]: string } =>
  receivedOn === undefined ? {} : { '/receivedAt': '/receivedOn' };

interface Change {
  readonly body: ChangeBody;
  readonly values: GivenValues;
  readonly cleared: readonly string[];
}

/** What is understood depends on what the filing is; a value of another document is an unknown field. */
function changeOf(filing: Filing, given: unknown): Change {
  switch (filing.kind) {
    case 'planned_construction': {
      const body = readOrRefuse(PlannedConstructionChangeBody, given);
      const { stated, cleared } = statedAndCleared(body);
      return { body, values: plannedConstructionValues(stated), cleared };
    }
    case 'quarterly_reference': {
      const body = readOrRefuse(QuarterlyReferenceChangeBody, given);
      const { stated, cleared } = statedAndCleared(body);
      const first = filing.versions[0]!.values;
      if (first.kind !== 'quarterly_reference') throw new Error('a quarterly reference holds its own values');
      return { body, values: quarterlyReferenceValues(stated, body.period ?? first.period), cleared };
    }
    case 'termination': {
      const body = readOrRefuse(TerminationChangeBody, given);
      const { stated, cleared } = statedAndCleared(body);
      return { body, values: terminationValues(stated), cleared };
    }
  }
}
