import { Controller, Inject, Param } from '@nestjs/common';
import { regionsOn, type Calendar } from '#libs/domain';
import { notFound } from '../faults.js';
import { Ask, Exchange, QueryOf } from '../exchange.js';
import { Law } from '../law.js';
import { API_PARTS, type ApiParts } from '../parts.js';
import { RegionsQuery } from '../requests/query.request.js';
import { Question } from '../routing.js';

const tag = 'law';

/** The dated data that every deadline cites. */
@Controller('api/v1')
export class LawController {
  constructor(
    private readonly law: Law,
    @Inject(API_PARTS) private readonly parts: ApiParts,
  ) {}

  @Question('rule-sets', { action: 'read-rules', summary: 'Rule sets', answer: 'RuleSets', tag })
  ruleSets() {
    const { lawBook } = this.parts.house;
    return { defaultRuleSetId: lawBook.defaultRuleSetId, items: lawBook.catalogue.ruleSets, next: null };
  }

  @Question('rule-sets/:ruleSetId', {
    action: 'read-rules',
    summary: 'One rule set, with the reason of every reading',
    params: { ruleSetId: 'Id of the rule set.' },
    answer: 'RuleSet',
    tag,
  })
  ruleSet(@Param('ruleSetId') id: string) {
    const found = this.parts.house.lawBook.catalogue.findRuleSet(id);
    if (!found) throw notFound('rule-set');
    return found;
  }

  @Question('calendars/:calendarId', {
    action: 'read-calendar',
    summary: 'The calendar of working days as it stands, corrections included',
    params: { calendarId: 'Id of the calendar.' },
    answer: 'Calendar',
    tag,
  })
  async calendar(@Param('calendarId') id: string) {
    const { lawBook } = this.parts.house;
    if (lawBook.catalogue.findCalendar(id) === undefined) throw notFound('calendar');
    await lawBook.refreshIfOld();
    return calendarView(lawBook.calendar(id));
  }

  @Question('regions', {
    action: 'read-rules',
    summary: 'Regions of a day',
    query: RegionsQuery,
    answer: 'Regions',
    tag,
  })
  regions(@Ask() exchange: Exchange, @QueryOf(RegionsQuery) { on }: RegionsQuery) {
    const day = on ?? this.law.today(exchange.arrivedAt);
    return { on: day, items: regionsOn(this.parts.house.lawBook.catalogue.regions, day), next: null };
  }

  @Question('orders', {
    action: 'read-rules',
    summary: 'Orders that moved terms, and outages that excuse lateness',
    answer: 'Orders',
    tag: 'orders',
  })
  async orders() {
    const { lawBook } = this.parts.house;
    await lawBook.refreshIfOld();
    const { extensions, outages } = lawBook.orders;
    return { extensions, outages };
  }
}

const calendarView = ({ id, version, weekend, days, covers, computedOutside }: Calendar) => ({
  calendarId: id,
  version,
  weekend,
  covers: covers ?? null,
  readFromDecrees: computedOutside ?? null,
  days: [...days]
    .map(([date, { kind, name, computed }]) => ({ date, kind, name, computed: computed ?? false }))
    .sort((a, b) => (a.date < b.date ? -1 : 1)),
});
