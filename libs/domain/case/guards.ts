import { dayAt, reject } from '#libs/kernel';
import type { PlainDate, Rejection, Uuid } from '#libs/kernel';
import type { Location, Registration } from '../filing.js';
import type { AssessmentContext } from './assessment.js';
import type { CaseCommand } from './commands.js';
import type { CaseEvent, CaseOpened, CaseOpening } from './events.js';
import { evolveCase } from './evolve.js';
import { fault } from './filing-values.js';
import { latestRecordedVersion, placeOn, type CaseFile, type CaseState, type Filing } from './state.js';

export interface CaseContext extends AssessmentContext {
  /** False while an import feeds rows in the order they were typed: the duties are judged when all are in. */
  readonly assess: boolean;
}

export type Command<T extends CaseCommand['type']> = Extract<CaseCommand, { type: T }>;
export type Decision = CaseEvent[] | Rejection;

export const today = (context: CaseContext): PlainDate => dayAt(context.now, context.rules.zone);

export const mergedRejection = (into: Uuid) =>
  reject('conflict', 'case-merged', `the case was merged into case ${into}; go on there`);

export const filingUnknown = reject('not-found', 'filing-unknown', 'there is no such filing in this case');

export function standingFiling(file: CaseFile, filingId: Uuid, expectedVersion?: Uuid): Filing | Rejection {
  const filing = file.filings.get(filingId);
  if (!filing) return filingUnknown;
  if (filing.takenBack)
    return reject('conflict', `filing-${filing.takenBack.how}`, `the filing has been ${filing.takenBack.how}`);
  if (expectedVersion !== undefined && latestRecordedVersion(filing).versionId !== expectedVersion)
    return reject('stale', 'filing-changed', 'the filing has been changed since it was read');
  return filing;
}

export function receivedInFuture(registration: Registration, context: CaseContext): Rejection | undefined {
  const future =
    registration.precision === 'day' ? registration.receivedOn > today(context) : registration.receivedAt > context.now;
  return future
    ? reject('refused', 'received-in-future', 'a document cannot have been received in the future', [
        fault('/receivedAt', 'in-future', 'lies in the future'),
      ])
    : undefined;
}

export function opened(opening: CaseOpening, context: CaseContext): CaseOpened {
  const { id, hash } = context.rules;
  return { type: 'CaseOpened', data: { ...opening, ruleSet: { id, hash }, openedOn: today(context) } };
}

export function openedOrRejected(
  state: CaseState,
  command: { readonly opening?: CaseOpening },
  context: CaseContext,
): { readonly file: CaseFile; readonly facts: CaseEvent[] } | Rejection {
  if (state.situation !== 'none') return { file: state.file, facts: [] };
  if (!command.opening) return reject('not-found', 'case-unknown', 'there is no such case');
  const fact = opened(command.opening, context);
  const after = evolveCase(state, fact);
  if (after.situation === 'none') throw new Error('a case that was opened is open');
  return { file: after.file, facts: [fact] };
}

/** Said in a fact only where it does not follow from the case. */
export const filerIfOther = (file: CaseFile, operatorBin: string): { readonly operatorBin?: string } =>
  operatorBin === file.operatorBin ? {} : { operatorBin };

/** Every document carries a place; `locationFromCase` tells that it did not name one itself. */
export const statedLocation = (file: CaseFile, named: Location | undefined, receivedOn: PlainDate) =>
  named ? { location: named } : { location: placeOn(file, receivedOn), locationFromCase: true as const };
