import type { Decimal, Instant, PlainDate, Quarter, Uuid } from '#libs/kernel';
import {
  Bic,
  Bin,
  Iban,
  Id,
  InstantOf,
  LongText,
  Megawatts,
  Nested,
  OneOf,
  PlainDay,
  QuarterOf,
  Reference,
  RegionCode,
  SomeOf,
  Tenge,
  Text,
  WholeNumber,
} from '../body/fields.js';

export const longestAddress = 300;
export const longestReason = 1000;

export class LocationBody {
  @RegionCode({ description: 'KATO code of the region, first two digits.' })
  region: string;

  @Text(longestAddress, { example: 'Екібастұз қ., Энергетиктер көшесі, 12' })
  address: string;
}

/** What is needed to open the case of a centre that has none yet. */
export class NewCaseBody {
  @Reference({
    optional: true,
    description:
      "The registry's own reference; without one the system gives a number. The form QC-2026-000001 is the system's.",
    example: 'DC-0001',
  })
  caseRef?: string;

  @Bin({ description: 'A registered operator.' })
  operatorBin: string;

  @RegionCode()
  region: string;

  @Text(longestAddress, { example: 'Екібастұз қ., Энергетиктер көшесі, 12' })
  address: string;
}

/** How a document came in. Only those who keep the incoming journal may enter a paper one. */
export class IntakeBody {
  @OneOf(['electronic', 'paper'], { optional: true, description: 'Without it: electronic.', example: 'electronic' })
  channel?: 'electronic' | 'paper';

  @Reference({ optional: true, description: 'Paper only: its number in the incoming journal.' })
  journalNo?: string;

  @InstantOf({ optional: true, description: 'When the sender let it go.' })
  submittedAt?: Instant;

  @InstantOf({ optional: true, description: 'Paper only: the incoming stamp with its time.' })
  receivedAt?: Instant;

  @PlainDay({ optional: true, description: 'Paper only: the incoming stamp where it shows no time.' })
  receivedOn?: PlainDate;
}

export class FilingBody extends IntakeBody {
  @Id({ optional: true, description: 'The case; exactly one of caseId, caseRef and newCase is given.' })
  caseId?: Uuid;

  @Reference({ optional: true, description: "The case by the registry's reference." })
  caseRef?: string;

  @Nested(() => NewCaseBody, { optional: true, description: 'Opens a case in the same step.' })
  newCase?: NewCaseBody;

  @Nested(() => LocationBody, {
    optional: true,
    description: 'Where the document says the centre is, if not where the case says.',
  })
  location?: LocationBody;

  @Bin({
    optional: true,
    description: 'Of paper: the former operator whose document it is, when it gives what it still owes of the case.',
  })
  filedBy?: string;
}

export class PlannedConstructionBody extends FilingBody {
  @Megawatts({ optional: true, description: 'Power in MW.' })
  powerMw?: Decimal;

  @Megawatts({ optional: true, description: 'Potential for expanding the design capacity, MW.' })
  expansionMw?: Decimal;

  @Tenge({ optional: true, description: 'Investment in equipment.' })
  equipmentInvestmentKzt?: Decimal;

  @Iban({ optional: true, description: 'Stored sealed, shown to few, and every look is on record.' })
  bankIban?: string;

  @Bic({ optional: true })
  bankBic?: string;

  @PlainDay({ optional: true, description: 'Planned start of design.' })
  designStartOn?: PlainDate;

  @PlainDay({ optional: true, description: 'Day of the decision to build.' })
  decidedOn?: PlainDate;

  @Text(64, { optional: true, description: 'Rule set of a case that is opened with it.', example: 'kz-384-open' })
  ruleSetId?: string;
}

export class QuarterlyReferenceBody extends FilingBody {
  @QuarterOf()
  period: Quarter;

  @Megawatts({ optional: true, description: 'Current consumption, MW. 0 is a quarter too.' })
  powerMw?: Decimal;

  @Tenge({ optional: true, description: 'Planned investment in equipment.' })
  equipmentInvestmentKzt?: Decimal;

  @Tenge({ optional: true, description: 'Investment potential planned for the current year.' })
  investmentPotentialKzt?: Decimal;

  @WholeNumber(1_000_000, { optional: true, description: 'Number of maintenance jobs.' })
  jobs?: number;

  @Text(64, { optional: true, description: 'Rule set of a case that is opened with it.', example: 'kz-384-open' })
  ruleSetId?: string;
}

export class TerminationBody extends FilingBody {
  @PlainDay({ optional: true, description: 'The day mining ended.' })
  activityEndedOn?: PlainDate;

  @Text(64, { optional: true, description: 'Rule set of a case that is opened with it.', example: 'kz-384-open' })
  ruleSetId?: string;
}

export class TerminateAllBody extends IntakeBody {
  @PlainDay({ optional: true, description: 'The day mining ended at all its centres.' })
  activityEndedOn?: PlainDate;
}

/** What may be missing from a document besides values. */
const noValues = ['annex', 'signature'] as const;

export class ChangeBody extends IntakeBody {
  @Nested(() => LocationBody, { optional: true })
  location?: LocationBody;

  @LongText(longestReason, { optional: true })
  reason?: string;

  @SomeOf(noValues, {
    max: 2,
    optional: true,
    description: 'What it brings that is no value, of what an officer found missing; attach it as a document.',
  })
  brought?: readonly string[];
}

const changed = { optional: true, nullable: true } as const;

/** Values of an appeal that are to be others. What is left out stays; `null` says that it is no longer declared. */
export class PlannedConstructionChangeBody extends ChangeBody {
  @Megawatts(changed)
  powerMw?: Decimal | null;

  @Megawatts(changed)
  expansionMw?: Decimal | null;

  @Tenge(changed)
  equipmentInvestmentKzt?: Decimal | null;

  @Iban(changed)
  bankIban?: string | null;

  @Bic(changed)
  bankBic?: string | null;

  @PlainDay(changed)
  designStartOn?: PlainDate | null;

  @PlainDay(changed)
  decidedOn?: PlainDate | null;
}

export class QuarterlyReferenceChangeBody extends ChangeBody {
  @QuarterOf({ optional: true, description: 'If given, the period of the filing: a change stays with its period.' })
  period?: Quarter;

  @Megawatts(changed)
  powerMw?: Decimal | null;

  @Tenge(changed)
  equipmentInvestmentKzt?: Decimal | null;

  @Tenge(changed)
  investmentPotentialKzt?: Decimal | null;

  @WholeNumber(1_000_000, changed)
  jobs?: number | null;
}

export class TerminationChangeBody extends ChangeBody {
  @PlainDay(changed)
  activityEndedOn?: PlainDate | null;
}

export class WithdrawalBody extends IntakeBody {
  @LongText(longestReason, { optional: true })
  reason?: string;
}

export class IncompleteMarkBody {
  @LongText(longestReason, {
    description: 'What the officer found.',
    example: 'The annex with the equipment list is not there.',
  })
  remark: string;

  @SomeOf(
    [
      'powerMw',
      'expansionMw',
      'equipmentInvestmentKzt',
      'investmentPotentialKzt',
      'jobs',
      'bank',
      'activityEndedOn',
      'designStartOn',
      ...noValues,
    ],
    { min: 1, max: 10, example: ['jobs'] },
  )
  missing: readonly string[];
}

export class CompletionRequestBody {
  @PlainDay({ description: 'The day to complete by, today or later.', example: '2030-01-15' })
  by: PlainDate;

  @LongText(2000, { example: 'Please give the number of maintenance jobs.' })
  text: string;
}

export class LookBody {
  @LongText(longestReason, {
    description: 'Why the bank details are looked at; kept with the look.',
    example: 'Inquiry 14 of the tax office',
  })
  reason: string;
}
