import type { DomainEvent } from '#libs/domain';
import type { RecordedFact } from '#libs/event-store';

/** The log also holds claims (journal numbers, case references); they feed no read model. */
export type DomainFactType = DomainEvent['type'];

type Envelope = Omit<RecordedFact, 'type' | 'data'>;
/** A domain fact as the store gives it: narrow on `type`, the data follow. */
export type DomainFact = DomainEvent extends infer E ? (E extends DomainEvent ? Envelope & E : never) : never;

/** What follows the category in a stream's name: a case's or notice's id, an operator's BIN. */
export const streamKey = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/** The sortable pair behind a position: a counter has no second number, KurrentDB's `commit/prepare` has. */
export function logOrder(position: string): readonly [order: number, minor: number] {
  const slash = position.indexOf('/');
  return slash < 0 ? [Number(position), 0] : [Number(position.slice(0, slash)), Number(position.slice(slash + 1))];
}
