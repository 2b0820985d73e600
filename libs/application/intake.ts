import { dayAt, instantAt, reject, type Instant, type PlainDate, type Rejection, type Uuid } from '#libs/kernel';
import { journalNoClaim, nextWorkingDay, type Calendar, type Registration, type RuleSet } from '#libs/domain';
import { numberPrefix, type House } from './house.js';
import type { Request } from './request.js';
import type { Claim } from './write-path.js';

/** How a document came to us, as the one who enters it says. */
export interface Intake {
  readonly channel: 'electronic' | 'paper';
  /** The number it has in the incoming journal already (paper); without one we give ours. */
  readonly journalNo?: string;
  readonly submittedAt?: Instant;
  /** Paper: the stamp, an instant or only its day. Electronic: by the system itself unless history is replayed. */
  readonly received?: { readonly at: Instant } | { readonly on: PlainDate };
}

/**
 * Turns an intake into a registration: electronic documents are received when the request was complete, paper by its
 * stamp; what arrives on a non-working day is registered on the next working one.
 */
export async function register(
  house: House,
  intake: Intake,
  request: Request,
  rules: RuleSet,
): Promise<Registration | Rejection> {
  const { received, submittedAt } = intake;
  if (intake.channel === 'paper' && received === undefined)
    return reject(
      'malformed',
      'receipt-missing',
      'a paper document needs the day of its incoming stamp: receivedOn, or receivedAt with its time',
      [{ pointer: '/receivedAt', code: 'missing', message: 'is needed for a paper document' }],
    );
  if (intake.journalNo !== undefined && ownNumber.test(intake.journalNo))
    return reject('refused', 'journal-no-reserved', 'numbers of this form are given by the system only', [
      { pointer: '/journalNo', code: 'reserved', message: 'has the form of the numbers that the system gives' },
    ]);
  const calendar = house.lawBook.calendar(rules.calendarId);
  const times = receiptTimes(received ?? { at: request.arrivedAt }, rules, calendar, request.arrivedAt);
  return {
    journalNo: intake.journalNo ?? (await house.numbers.next('journal', Number(times.registeredOn.slice(0, 4)))),
    channel: intake.channel,
    ...(submittedAt ? { submittedAt } : {}),
    ...times,
  };
}

/** A bare day counts as noon of that day by the regulator's clock; before noon of that very day, as `now`. */
export function receiptTimes(
  received: { readonly at: Instant } | { readonly on: PlainDate },
  rules: RuleSet,
  calendar: Calendar,
  now?: Instant,
): Pick<Registration, 'receivedAt' | 'receivedOn' | 'precision' | 'registeredOn'> {
  const known = 'on' in received;
  const receivedOn = known ? received.on : dayAt(received.at, rules.zone);
  const noon = instantAt(receivedOn, '12:00', rules.zone);
  const isToday = now !== undefined && dayAt(now, rules.zone) === receivedOn;
  return {
    receivedAt: known ? (isToday && now < noon ? now : noon) : received.at,
    receivedOn,
    precision: known ? 'day' : 'instant',
    registeredOn: rules.registration === 'next-working-day' ? nextWorkingDay(calendar, receivedOn) : receivedOn,
  };
}

export const ownNumber = new RegExp(`^(${Object.values(numberPrefix).join('|')})-\\d{4}-\\d+$`);

/** What a journal number stands for. Only a filing can be corrected or withdrawn. */
export interface JournalEntry {
  readonly entry: 'filing' | 'commissioning' | 'change' | 'withdrawal' | 'termination-of-all';
  readonly caseId?: Uuid;
  readonly filingId?: Uuid;
}

/** A number given by others must be theirs alone; ours come from a series nobody else may use. */
export function journalClaims(registration: Registration, owner: JournalEntry): Claim[] {
  const { journalNo } = registration;
  if (ownNumber.test(journalNo)) return [];
  return [
    {
      stream: journalNoClaim(journalNo),
      fact: { type: 'JournalNoClaimed', data: { journalNo, ...owner } },
      taken: reject('conflict', 'journal-no-used', `the journal number ${journalNo} is used already`, [
        { pointer: '/journalNo', code: 'used', message: 'is used already' },
      ]),
    },
  ];
}
