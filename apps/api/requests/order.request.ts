import type { Instant, PlainDate, Quarter } from '#libs/kernel';
import type { CalendarDayKind, ObligationKind } from '#libs/domain';
import {
  InstantOf,
  LongText,
  Nested,
  NestedList,
  OneOf,
  PlainDay,
  Quarters,
  Reference,
  RegionCodes,
  Text,
} from '../body/fields.js';
import { longestReason } from './filing.request.js';

export const obligationKinds = ['planned_construction', 'quarterly_reference', 'termination'] as const;

export class ExtensionScopeBody {
  @OneOf(obligationKinds, { example: 'quarterly_reference' })
  kind: ObligationKind;

  @Quarters({ optional: true, min: 1, max: 40, description: 'Without it: every period.' })
  periods?: readonly Quarter[];

  @RegionCodes({ optional: true, min: 1, max: 30, description: 'Without it: every region.' })
  regions?: readonly string[];
}

export class TermExtensionBody {
  @Reference({ example: '45/НҚ' })
  orderNo: string;

  @Nested(() => ExtensionScopeBody)
  scope: ExtensionScopeBody;

  @PlainDay({ description: 'The new last day. No order shortens a term.' })
  dueOn: PlainDate;

  @PlainDay({
    optional: true,
    description: 'The day of the order, without it today: what was received before it is closed for the order.',
  })
  orderedOn?: PlainDate;

  @LongText(longestReason, { example: 'Quarantine' })
  reason: string;
}

export class OutageBody {
  @InstantOf()
  from: Instant;

  @InstantOf({ example: '2021-04-12T18:00:00+06:00' })
  to: Instant;

  @LongText(longestReason, { example: 'The portal was down' })
  reason: string;
}

export class CalendarChangeBody {
  @PlainDay()
  date: PlainDate;

  @OneOf(['holiday', 'moved_day_off', 'religious_day_off', 'working_weekend', 'ordinary'], {
    description: '`ordinary`: the day is again what its day of the week says.',
    example: 'holiday',
  })
  kind: CalendarDayKind | 'ordinary';

  @Text(200, { example: 'Наурыз мейрамы' })
  name: string;
}

export class CalendarCorrectionBody {
  @Reference({ description: 'The version the calendar has after it.', example: '2021-03-02' })
  version: string;

  @NestedList(() => CalendarChangeBody, { min: 1, max: 400 })
  changes: readonly CalendarChangeBody[];

  @LongText(longestReason, { example: 'Resolution of the Government, No. 5' })
  reason: string;
}
