import { Controller, Inject, Param } from '@nestjs/common';
import {
  CorrectCalendar,
  ExcuseObligation,
  ExtendTerm,
  RecordOutage,
  extensionEffects,
  type ExtendTermInput,
} from '#libs/application';
import { addDays, dayOfWeek, type PlainDate, type Uuid } from '#libs/kernel';
import { correctCalendar, isWorkingDay, longestRunOfDaysOff, type Calendar } from '#libs/domain';
import { Commands } from '../commands.js';
import { Ask, BodyOf, Exchange, QueryOf } from '../exchange.js';
import { faultyField, notFound, refuse } from '../faults.js';
import { Law } from '../law.js';
import { Lookups } from '../lookups.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { Questions } from '../questions.js';
import { idOf } from '../requests/filing-input.js';
import { CalendarCorrectionBody, OutageBody, TermExtensionBody } from '../requests/order.request.js';
import { DryRunQuery } from '../requests/query.request.js';
import { ExcuseBody } from '../requests/registry.request.js';
import { Command } from '../routing.js';

const tag = 'orders';

/** A dry run shows at most so many duties; the count beyond is of no use to a reader. */
const mostEffects = 1000;

@Controller('api/v1')
export class OrdersController {
  constructor(
    private readonly commands: Commands,
    private readonly lookups: Lookups,
    private readonly questions: Questions,
    private readonly law: Law,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Command('obligations/:obligationId/excuse', {
    action: 'excuse-obligation',
    summary: 'Excuse an obligation by order',
    params: { obligationId: 'Id of the obligation.' },
    body: ExcuseBody,
    answer: 'ObligationRef',
    tag: 'obligations',
  })
  async excuse(
    @Ask() exchange: Exchange,
    @Param('obligationId') id: string,
    @BodyOf(ExcuseBody) { orderNo, reason }: ExcuseBody,
  ) {
    const obligationId = idOf(id, 'obligation');
    const { caseId } = await this.lookups.getCaseOfObligation(exchange.caller, obligationId);
    await this.commands.run(exchange, ExcuseObligation, { caseId, obligationId, orderNo, reason });
    return { caseId, obligationId };
  }

  @Command('orders/term-extensions', {
    action: 'extend-term',
    summary: 'Extend a term for many by order',
    description:
      'With `dryRun=true` nothing is written; the answer (200) lists the duties whose due day would move. Duties of the ' +
      'scope that open later get the new day as well: a dry run cannot list them. An order that is given (201) moves ' +
      'what is open within moments, one case after the other: the obligations show which have moved.',
    query: DryRunQuery,
    body: TermExtensionBody,
    answer: 'ExtensionAnswer',
    status: 201,
    dryRunAnswer: 'ExtensionDryRun',
    tag,
  })
  async extendTerm(
    @Ask() exchange: Exchange,
    @QueryOf(DryRunQuery) { dryRun }: DryRunQuery,
    @BodyOf(TermExtensionBody) body: TermExtensionBody,
  ) {
    const { orderNo, dueOn, orderedOn, reason } = body;
    const { kind, periods, regions } = body.scope;
    if (periods !== undefined && kind !== 'quarterly_reference')
      throw faultyField('/scope/periods', 'no-periods', 'only quarterly references have periods');
    regions?.forEach((code, n) => this.law.checkRegion(code, dueOn, `/scope/regions/${n}`));
    if (orderedOn !== undefined && orderedOn > this.law.today(exchange.arrivedAt))
      throw faultyField('/orderedOn', 'in-future', 'lies in the future');
    const input: ExtendTermInput = {
      orderNo,
      scope: { kind, ...(periods ? { periods } : {}), ...(regions ? { regions } : {}) },
      dueOn,
      reason,
      ...(orderedOn ? { orderedOn } : {}),
    };
    if (dryRun) {
      // The registers say which cases it may reach: they must know the newest.
      await this.questions.catchUp();
      const effects = await extensionEffects(this.parts.house, input, mostEffects);
      exchange.answerStatus(200);
      return { dryRun: true, orderId: null, effects, more: effects.length === mostEffects };
    }
    const done = await this.commands.run(exchange, ExtendTerm, input);
    const { orderId } = done.facts[0]!.data as { orderId: Uuid };
    // No effects: they come later, and a repeat, which finds them done, must get this very answer.
    return { dryRun: false, orderId };
  }

  @Command('orders/outages', {
    action: 'record-outage',
    summary: 'Record an outage of ours that excuses lateness',
    body: OutageBody,
    answer: 'OutageAnswer',
    status: 201,
    tag,
  })
  async recordOutage(@Ask() exchange: Exchange, @BodyOf(OutageBody) { from, to, reason }: OutageBody) {
    const done = await this.commands.run(exchange, RecordOutage, { from, to, reason });
    const { outageId } = done.facts[0]!.data as { outageId: Uuid };
    return { outageId };
  }

  @Command('calendars/:calendarId/corrections', {
    action: 'correct-calendar',
    summary: 'Correct the calendar of working days',
    description: 'Open obligations get a revised deadline; closed ones keep their trace.',
    params: { calendarId: 'Id of the calendar.' },
    body: CalendarCorrectionBody,
    answer: 'CalendarRef',
    status: 201,
    tag: 'law',
  })
  async correctCalendar(
    @Ask() exchange: Exchange,
    @Param('calendarId') calendarId: string,
    @BodyOf(CalendarCorrectionBody) { version, changes, reason }: CalendarCorrectionBody,
  ) {
    const { lawBook } = this.parts.house;
    if (lawBook.catalogue.findCalendar(calendarId) === undefined) throw notFound('calendar');
    await lawBook.refresh();
    checkCorrection(lawBook.calendar(calendarId), lawBook.catalogue.calendar(calendarId).version, { version, changes });
    await this.commands.run(exchange, CorrectCalendar, {
      calendarId,
      correction: { version, changes: changes.map(({ date, kind, name }) => ({ date, kind, name })) },
      reason,
    });
    return { calendarId, version };
  }
}

/**
 * What no calendar can hold is refused before it is a fact: a fact is for ever, and a calendar that cannot be built
 * would stop every deadline. `shipped` is the version of the data file, which no correction may bear.
 */
function checkCorrection(
  calendar: Calendar,
  shipped: string,
  correction: Pick<CalendarCorrectionBody, 'version' | 'changes'>,
): void {
  const { version, changes } = correction;
  if (version === shipped || version === calendar.version)
    throw refuse('conflict', 'calendar-version-known', 'this calendar version exists already', [
      { pointer: '/version', code: 'version-known', message: 'names a version that exists already' },
    ]);
  const seen = new Set<PlainDate>();
  changes.forEach(({ date, kind }, n) => {
    if (seen.has(date)) throw faultyField(`/changes/${n}/date`, 'twice', 'is named twice');
    seen.add(date);
    if (kind === 'working_weekend' && !calendar.weekend.includes(dayOfWeek(date)))
      throw faultyField(`/changes/${n}/kind`, 'no-weekend', 'only a weekend day can become a working weekend day');
  });
  const corrected = correctCalendar(calendar, correction);
  changes.forEach(({ date }, n) => {
    if (!hasWorkingDays(corrected, date))
      throw refuse('refused', 'no-working-days', `there would be no working day for ${longestRunOfDaysOff} days`, [
        { pointer: `/changes/${n}/date`, code: 'no-working-days', message: 'is in a run of days off that is too long' },
      ]);
  });
}

/** Whether the run of days off around `day`, if it is in one, ends as soon as every deadline needs it to. */
function hasWorkingDays(calendar: Calendar, day: PlainDate): boolean {
  let from = day;
  for (let n = 0; n <= longestRunOfDaysOff && !isWorkingDay(calendar, addDays(from, -1)); n++) from = addDays(from, -1);
  for (let n = 0; n <= longestRunOfDaysOff; n++) if (isWorkingDay(calendar, addDays(from, n))) return true;
  return false;
}
