import { findUuid, msOf, type FieldFault, type Instant, type Uuid } from '#libs/kernel';
import type { Location } from '#libs/domain';
import type { Intake, NewCase } from '#libs/application';
import { faultyField, notFound, refuse } from '../faults.js';
import type {
  IntakeBody,
  LocationBody,
  NewCaseBody,
  PlannedConstructionChangeBody,
  QuarterlyReferenceChangeBody,
  TerminationChangeBody,
} from './filing.request.js';

/**
 * How the document came in, as the use cases want it. An electronic document is received by the system itself, and only
 * those who keep the journal (`mayEnterPaper`) may say when a paper one came.
 */
export function intakeOf(body: IntakeBody, mayEnterPaper: boolean): Intake {
  const { channel = 'electronic', journalNo, submittedAt, receivedAt, receivedOn } = body;
  if (channel === 'paper' && !mayEnterPaper)
    throw refuse('forbidden', 'paper-not-allowed', 'paper documents are entered by the registry that received them', [
      { pointer: '/channel', code: 'not-allowed', message: 'must be electronic' },
    ]);
  if (channel === 'electronic') {
    const why = 'is given for a paper document only; the system itself notes when an electronic one came';
    if (receivedAt !== undefined) throw faultyField('/receivedAt', 'paper-only', why);
    if (receivedOn !== undefined) throw faultyField('/receivedOn', 'paper-only', why);
    if (journalNo !== undefined)
      throw faultyField(
        '/journalNo',
        'paper-only',
        'is given for a paper document only; the system numbers electronic ones',
      );
  }
  if (receivedAt !== undefined && receivedOn !== undefined)
    throw faultyField('/receivedOn', 'one-of-two', 'give the time of the stamp or its day, not both');
  const received: Intake['received'] =
    receivedAt !== undefined ? { at: receivedAt } : receivedOn !== undefined ? { on: receivedOn } : undefined;
  return {
    channel,
    ...(journalNo === undefined ? {} : { journalNo }),
    ...(submittedAt === undefined ? {} : { submittedAt }),
    ...(received === undefined ? {} : { received }),
  };
}

export const locationOf = ({ region, address }: LocationBody): Location => ({ region, address });

export const newCaseOf = ({ caseRef, operatorBin, region, address }: NewCaseBody): NewCase => ({
  ...(caseRef === undefined ? {} : { caseRef }),
  operatorBin,
  region,
  address,
});

/** Both or neither: an account needs its bank. */
export function bankOf(body: {
  readonly bankIban?: string;
  readonly bankBic?: string;
}): { readonly bankDetails: { readonly iban: string; readonly bic: string } } | Record<never, never> {
  const { bankIban, bankBic } = body;
  if (bankIban === undefined && bankBic === undefined) return {};
  if (bankIban === undefined) throw faultyField('/bankIban', 'missing', 'is needed with bankBic');
  if (bankBic === undefined) throw faultyField('/bankBic', 'missing', 'is needed with bankIban');
  return { bankDetails: { iban: bankIban, bic: bankBic } };
}

type Stated<Body> = { [Name in keyof Body]: Exclude<Body[Name], null> };

/** What a change says, apart from the names of the values it no longer declares. */
export function statedAndCleared<Body extends object>(
  body: Body,
): { readonly stated: Stated<Body>; readonly cleared: readonly string[] } {
  const isNull = ([, value]: [string, unknown]) => value === null;
  const entries = Object.entries(body);
  const cleared = entries.filter(isNull).map(([name]) => (name === 'bankIban' || name === 'bankBic' ? 'bank' : name));
  return {
    stated: Object.fromEntries(entries.filter((entry) => !isNull(entry))) as Stated<Body>,
    cleared: [...new Set(cleared)],
  };
}

const given = <T extends object>(record: T): T =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;

export function plannedConstructionValues(body: Stated<PlannedConstructionChangeBody>) {
  const { powerMw, expansionMw, equipmentInvestmentKzt, designStartOn, decidedOn } = body;
  const values = given({ powerMw, expansionMw, equipmentInvestmentKzt, designStartOn, decidedOn });
  return { kind: 'planned_construction' as const, ...values, ...bankOf(body) };
}

export function quarterlyReferenceValues(
  body: Stated<QuarterlyReferenceChangeBody>,
  period: NonNullable<QuarterlyReferenceChangeBody['period']>,
) {
  const { powerMw, equipmentInvestmentKzt, investmentPotentialKzt, jobs } = body;
  return {
    kind: 'quarterly_reference' as const,
    period,
    ...given({ powerMw, equipmentInvestmentKzt, investmentPotentialKzt, jobs }),
  };
}

export const terminationValues = ({ activityEndedOn }: Stated<TerminationChangeBody>) => ({
  kind: 'termination' as const,
  ...given({ activityEndedOn }),
});

/** A path's id; whatever has not the form of one names nothing. */
export function idOf(text: string, what: string): Uuid {
  const found = findUuid(text);
  if (found === undefined) throw notFound(what);
  return found;
}

/** Faults of an inner command, named by the fields of the request that made it. */
export function repointed(faults: readonly FieldFault[], moved: { readonly [from: string]: string }): FieldFault[] {
  return faults.map((fault) => ({ ...fault, pointer: moved[fault.pointer] ?? fault.pointer }));
}

/** A sender's clock may be a little ahead of ours, not more. */
const submissionLeewayMs = 5 * 60_000;

/** @throws RejectedError when the document was let go after it arrived. */
export function checkSubmission({ submittedAt, receivedAt }: IntakeBody, arrivedAt: Instant): void {
  if (submittedAt === undefined) return;
  if (msOf(submittedAt) > msOf(receivedAt ?? arrivedAt) + submissionLeewayMs)
    throw faultyField('/submittedAt', 'after-receipt', 'lies after the receipt of the document');
}
