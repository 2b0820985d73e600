import { addDays, dayAt, firstDayOf, quarterOf, systemClock, type PlainDate, type Quarter } from '#libs/kernel';

/** The latest quarter that is over, by the regulator's day: its reference can be filed now. */
export function latestQuarter(zone: string): { readonly period: Quarter; readonly firstDay: PlainDate } {
  const period = quarterOf(addDays(firstDayOf(quarterOf(dayAt(systemClock.now(), zone))), -1));
  return { period, firstDay: firstDayOf(period) };
}
