import { dayAt, derivedId, reject, type Instant, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import {
  assessObligations,
  authorityDecider,
  authorityStream,
  caseDecider,
  caseStream,
  correctCalendar,
  type AuthorityCommand,
  type AuthorityState,
  type CalendarCorrection,
  type TermExtension,
} from '#libs/domain';
import type { House } from '../house.js';
import type { Request } from '../request.js';
import { UseCase, handlerOf } from '../use-case.js';
import type { Done } from '../write-path.js';

async function order(
  house: House,
  command: AuthorityCommand,
  request: Request,
): Promise<Done<AuthorityState> | Rejection> {
  const done = await house.writePath.execute({
    decider: authorityDecider,
    stream: authorityStream,
    command,
    request,
    context: (_state, now) => ({ now, zone: house.lawBook.ruleSet(house.lawBook.defaultRuleSetId).zone }),
  });
  await house.lawBook.refresh();
  return done;
}

export type ExtendTermInput = Omit<TermExtension, 'orderId'> & {
  /** The day of the order. Default: today. */
  readonly orderedOn?: PlainDate;
};

/** The due day of many duties moved by order; a policy follows it into every case it reaches. */
export class ExtendTerm extends UseCase<ExtendTermInput, Done<AuthorityState>> {}
export const ExtendTermHandler = handlerOf(ExtendTerm, (house, { orderedOn, ...extension }: ExtendTermInput, request) =>
  order(
    house,
    {
      type: 'ExtendTerm',
      extension: { orderId: derivedId(request.commandId, 'order'), ...extension },
      ...(orderedOn ? { orderedOn } : {}),
    },
    request,
  ),
);

export interface RecordOutageInput {
  readonly from: Instant;
  readonly to: Instant;
  readonly reason: string;
}
/** Our own outage, with its hours: it excuses who could not file on the last day because of it. */
export class RecordOutage extends UseCase<RecordOutageInput, Done<AuthorityState>> {}
export const RecordOutageHandler = handlerOf(RecordOutage, (house, input: RecordOutageInput, request) =>
  order(
    house,
    { type: 'RecordOutage', outage: { outageId: derivedId(request.commandId, 'outage'), ...input } },
    request,
  ),
);

export interface CorrectCalendarInput {
  readonly calendarId: string;
  readonly correction: CalendarCorrection;
  readonly reason: string;
}
/** A calendar correction is a fact: open duties follow it, closed ones keep their trace. */
export class CorrectCalendar extends UseCase<CorrectCalendarInput, Done<AuthorityState>> {}
export const CorrectCalendarHandler = handlerOf(
  CorrectCalendar,
  async (house, input: CorrectCalendarInput, request) => {
    await house.lawBook.refresh();
    return calendarFault(house, input) ?? order(house, { type: 'CorrectCalendar', ...input }, request);
  },
);

/** A correction that cannot be applied would stop every deadline from being computed, so it never gets on record. */
function calendarFault(house: House, { calendarId, correction }: CorrectCalendarInput): Rejection | undefined {
  if (house.lawBook.catalogue.findCalendar(calendarId) === undefined)
    return reject('not-found', 'calendar-unknown', 'there is no such calendar');
  // A repeat names the version it made itself: the stream knows it, so it is not judged again.
  if (house.lawBook.orders.calendarCorrections.some((one) => one.correction.version === correction.version))
    return undefined;
  try {
    correctCalendar(house.lawBook.calendar(calendarId), correction);
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return reject('malformed', 'calendar-correction-malformed', error.message, [
      { pointer: '/changes', code: 'cannot-apply', message: error.message },
    ]);
  }
}

export interface ExtensionEffect {
  readonly caseId: Uuid;
  readonly caseRef: string;
  readonly obligationId: Uuid;
  readonly period: string | null;
  readonly from: string;
  readonly to: string;
  readonly rescindsMiss: boolean;
}

/** The dry run of an extension: every duty whose due day would move, and nothing is written. At most `limit` of them. */
export async function extensionEffects(house: House, input: ExtendTermInput, limit = 1000): Promise<ExtensionEffect[]> {
  await house.lawBook.refresh();
  const effects: ExtensionEffect[] = [];
  let after: Uuid | undefined;
  for (;;) {
    const page = await house.directory.casesWithObligations({
      kinds: [input.scope.kind],
      limit: 500,
      ...(after ? { after } : {}),
    });
    if (page.length === 0 || effects.length >= limit) return effects.slice(0, limit);
    for (const caseId of page) effects.push(...(await effectsOn(house, caseId, input)));
    after = page.at(-1)!;
  }
}

async function effectsOn(house: House, caseId: Uuid, input: ExtendTermInput): Promise<ExtensionEffect[]> {
  const { state } = await house.writePath.load(caseStream(caseId), caseDecider);
  if (state.situation === 'none' || state.situation === 'merged') return [];
  const { file } = state;
  const now = house.clock.now();
  const rules = house.lawBook.rulesOf(state);
  const asOf = { day: dayAt(now, rules.zone), at: now };
  const circumstances = house.lawBook.circumstancesUnder(rules);
  const extensions = [
    ...circumstances.extensions,
    { orderId: derivedId(caseId, 'dry-run'), ...input, orderedOn: input.orderedOn ?? asOf.day },
  ];
  return assessObligations(file, { ...circumstances, extensions }, asOf).flatMap((assessed) => {
    const recorded = file.obligations.get(assessed.obligationId);
    if (!recorded?.deadline || !assessed.deadline || recorded.deadline.dueOn === assessed.deadline.dueOn) return [];
    return [
      {
        caseId,
        caseRef: file.caseRef,
        obligationId: assessed.obligationId,
        period: assessed.period ?? null,
        from: recorded.deadline.dueOn,
        to: assessed.deadline.dueOn,
        rescindsMiss: recorded.status === 'missed' && assessed.status === 'open',
      },
    ];
  });
}
