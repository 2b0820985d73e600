import { Controller, Param } from '@nestjs/common';
import { RecordLetter } from '#libs/application';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange } from '../exchange.js';
import { notFound } from '../faults.js';
import { Questions } from '../questions.js';
import { idOf } from '../requests/filing-input.js';
import { LetterBody } from '../requests/registry.request.js';
import { Command } from '../routing.js';

@Controller('api/v1/alerts/:alertId')
export class AlertsController {
  constructor(
    private readonly commands: Commands,
    private readonly questions: Questions,
  ) {}

  @Command('letter', {
    action: 'record-letter',
    summary: 'Record the letter to an operator whom mail does not reach',
    description: 'Takes the alert off the letter list, `alerts?letter=awaited`.',
    params: { alertId: 'Id of the alert.' },
    body: LetterBody,
    answer: 'AlertRef',
    tag: 'alerts',
  })
  async letter(
    @Ask() exchange: Exchange,
    @Param('alertId') id: string,
    @BodyOf(LetterBody) { postedOn, number }: LetterBody,
  ) {
    const alertId = idOf(id, 'alert');
    const alert = await this.questions.found(() => this.questions.ask.alerts.find(alertId));
    if (!alert) throw notFound('alert');
    const { caseId } = alert;
    await this.commands.run(exchange, RecordLetter, {
      caseId,
      alertId,
      postedOn,
      ...(number === undefined ? {} : { number }),
    });
    return { caseId, alertId };
  }
}
