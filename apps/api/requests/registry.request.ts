import type { Decimal, Instant, PlainDate, Uuid } from '#libs/kernel';
import type { Language } from '#libs/domain';
import {
  Bin,
  Id,
  InstantOf,
  LongText,
  Mails,
  Megawatts,
  Nested,
  OneOf,
  Phones,
  PlainDay,
  Reference,
  Text,
} from '../body/fields.js';
import { IntakeBody, LocationBody, NewCaseBody, longestReason } from './filing.request.js';

export class ContactsBody {
  @Mails({ max: 10, optional: true })
  emails?: readonly string[];

  @Phones({ max: 10, optional: true })
  phones?: readonly string[];
}

/** What there is to say of an operator besides its BIN. */
export class OperatorDetailsBody {
  @Text(500, { example: '«Қадаға Дата» ЖШС' })
  name: string;

  @OneOf(['kk', 'ru', 'en'], { description: 'The language it is written to in.', example: 'kk' })
  language: Language;

  @Nested(() => ContactsBody, {
    optional: true,
    description: 'Stored sealed. Without contacts its reminders go to the letter list of the registrar.',
  })
  contacts?: ContactsBody;
}

export class OperatorBody extends OperatorDetailsBody {
  @Bin()
  bin: string;
}

export class OpenCaseBody extends NewCaseBody {
  @Text(64, { optional: true, example: 'kz-384-open' })
  ruleSetId?: string;
}

export class CommissioningBody extends IntakeBody {
  @PlainDay({ description: 'Since when the centre exists.' })
  commissionedOn: PlainDate;

  @Megawatts({ optional: true })
  expansionMw?: Decimal;

  @Nested(() => LocationBody, { optional: true })
  location?: LocationBody;
}

export class TransferBody {
  @Bin({ description: 'The operator who takes over.' })
  toBin: string;

  @PlainDay()
  effectiveOn: PlainDate;

  @LongText(longestReason, { example: 'Contract 7 of 1 March' })
  reason: string;
}

export class RelocationBody {
  @Nested(() => LocationBody)
  to: LocationBody;

  @PlainDay()
  effectiveOn: PlainDate;

  @LongText(longestReason, { example: 'Pavlodar region was divided' })
  reason: string;
}

export class MergeBody {
  @Id({ description: 'The case that stays and takes over the filings.' })
  intoCaseId: Uuid;

  @LongText(longestReason, { example: 'Entered twice' })
  reason: string;
}

export class ReasonBody {
  @LongText(longestReason, { example: 'As the officer found' })
  reason: string;
}

export class AssignmentBody {
  @Id({ nullable: true, description: 'Account of an officer (`/officers`); null takes the case from whoever has it.' })
  assignee: Uuid | null;

  @LongText(longestReason, { optional: true })
  reason?: string;
}

export class NoteBody {
  @LongText(5000, { example: 'Telephoned the operator.' })
  text: string;
}

export class ExcuseBody {
  @Reference({ description: 'The order that excuses.', example: '117/НҚ' })
  orderNo: string;

  @LongText(longestReason, { example: 'Flood' })
  reason: string;
}

export class LetterBody {
  @PlainDay({ description: 'The day it was posted.' })
  postedOn: PlainDate;

  @Reference({ optional: true, description: "The letter's number in the outgoing journal.", example: '7-15/204' })
  number?: string;
}

export class NoticeIssueBody {
  @Id({ optional: true, description: 'The correction or completion to be told of; without it the filing itself.' })
  document?: Uuid;
}

export class DeliveryBody {
  @Text(200, { description: 'How it was brought.', example: 'Printed, by courier, against a signature' })
  means: string;

  @InstantOf({ optional: true, description: 'When it was handed over; without it now.' })
  deliveredAt?: Instant;
}

export class AcknowledgementBody {
  @Reference({ description: 'The incoming number the energy body gave it.', example: '12-3/481' })
  theirNumber: string;

  @PlainDay({ description: 'The incoming date the energy body gave it.' })
  theirDate: PlainDate;
}
