import { Controller, Param } from '@nestjs/common';
import { ChangeOperator, RegisterOperator, TerminateAllCentres, type OperatorInput } from '#libs/application';
import { findBin } from '#libs/domain';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange } from '../exchange.js';
import { notFound } from '../faults.js';
import { Law } from '../law.js';
import { Questions } from '../questions.js';
import { checkSubmission, intakeOf } from '../requests/filing-input.js';
import { TerminateAllBody } from '../requests/filing.request.js';
import { OperatorBody, OperatorDetailsBody } from '../requests/registry.request.js';
import { Command } from '../routing.js';
import { checkOwn, mayEnterPaper } from '../access.js';

const tag = 'operators';

@Controller('api/v1/operators')
export class OperatorsController {
  constructor(
    private readonly commands: Commands,
    private readonly questions: Questions,
    private readonly law: Law,
  ) {}

  @Command('', {
    action: 'register-operator',
    summary: 'Register an operator',
    body: OperatorBody,
    answer: 'OperatorAnswer',
    status: 201,
    tag,
  })
  async register(@Ask() exchange: Exchange, @BodyOf(OperatorBody) body: OperatorBody) {
    checkOwn(exchange.caller, body.bin, '/bin');
    await this.commands.run(exchange, RegisterOperator, detailsOf(body.bin, body));
    exchange.answerHeader('location', `/api/v1/operators/${body.bin}`);
    return { bin: body.bin };
  }

  @Command(':bin', {
    method: 'put',
    action: 'change-operator',
    summary: "Change an operator's name, language or contacts",
    description: 'The whole of them: contacts left out are no longer held.',
    params: { bin: 'BIN of the operator.' },
    body: OperatorDetailsBody,
    answer: 'OperatorAnswer',
    tag,
  })
  async change(
    @Ask() exchange: Exchange,
    @Param('bin') bin: string,
    @BodyOf(OperatorDetailsBody) body: OperatorDetailsBody,
  ) {
    const known = ownBin(exchange, bin);
    await this.commands.run(exchange, ChangeOperator, detailsOf(known, body));
    return { bin: known };
  }

  @Command(':bin/termination', {
    action: 'terminate-all',
    summary: "File the end of mining at all of an operator's centres",
    description: 'Rule 5 speaks of the legal entity: one reference, one journal number, a filing in every open case.',
    params: { bin: 'BIN of the operator.' },
    body: TerminateAllBody,
    answer: 'TerminatedCentres',
    status: 201,
    tag: 'filings',
  })
  async terminateAll(
    @Ask() exchange: Exchange,
    @Param('bin') bin: string,
    @BodyOf(TerminateAllBody) body: TerminateAllBody,
  ) {
    const operatorBin = ownBin(exchange, bin);
    const { activityEndedOn } = body;
    checkSubmission(body, exchange.arrivedAt);
    const intake = intakeOf(body, mayEnterPaper(exchange.caller));
    this.law.checkHappened(activityEndedOn, intake, exchange.arrivedAt, '/activityEndedOn');
    // Which centres it has the registers say: they must know the newest.
    await this.questions.catchUp();
    const { journalNo, centres } = await this.commands.run(exchange, TerminateAllCentres, {
      operatorBin,
      intake,
      ...(activityEndedOn === undefined ? {} : { activityEndedOn }),
    });
    return { journalNo, centres };
  }
}

/** An operator knows of no other operator. */
export function ownBin({ caller }: Exchange, bin: string): string {
  if (findBin(bin) === undefined) throw notFound('operator');
  if (caller.operatorBin !== undefined && caller.operatorBin !== bin) throw notFound('operator');
  return bin;
}

function detailsOf(bin: string, { name, language, contacts }: OperatorDetailsBody): OperatorInput {
  const { emails = [], phones = [] } = contacts ?? {};
  return { bin, name, language, ...(contacts ? { contacts: { emails, phones } } : {}) };
}
