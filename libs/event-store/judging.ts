import type { EncodedAppend } from './codec.js';
import type { AppendResult, Position } from './port.js';

export const lastOf = ({ first, count }: EncodedAppend): number => first + count - 1;

/** A fact that stands where an append wanted to write. */
export interface InPlace {
  readonly id: string;
  readonly position: Position;
}

/**
 * A stream was not where an append expected it: is it there already, or is somebody else's fact?
 * @param last the stream's last revision, -1 without a stream
 * @param there the facts from the append's first revision to its last, as far as they are
 */
export function judgePlace(append: EncodedAppend, last: number, there: readonly InPlace[]): AppendResult | 'fresh' {
  if (last === append.first - 1) return 'fresh';
  if (last >= lastOf(append) && append.facts.every(({ id }, n) => there[n]?.id === id))
    return { outcome: 'repeated', revision: lastOf(append), position: there[append.count - 1]!.position };
  return { outcome: 'conflict', actual: last };
}

/** Whether of the appends to one stream each goes on where the one before ended. */
export function isChained(appends: readonly EncodedAppend[]): boolean {
  const ends = new Map<string, number>();
  for (const one of appends) {
    if ((ends.get(one.stream) ?? one.first) !== one.first) return false;
    ends.set(one.stream, lastOf(one) + 1);
  }
  return true;
}

/** Judges each, but an append that follows a fresh one of the same stream is fresh when it goes on where that ended. */
export async function judgeTogether<A extends EncodedAppend>(
  appends: readonly A[],
  judge: (append: A) => Promise<AppendResult | 'fresh'>,
): Promise<(AppendResult | 'fresh')[]> {
  const ends = new Map<string, number>();
  const answers: (AppendResult | 'fresh')[] = [];
  for (const one of appends) {
    const end = ends.get(one.stream);
    const judged = end === one.first ? 'fresh' : await judge(one);
    if (judged !== 'fresh') answers.push(judged);
    else if (end !== undefined && end !== one.first) answers.push({ outcome: 'conflict', actual: end - 1 });
    else {
      answers.push('fresh');
      ends.set(one.stream, lastOf(one) + 1);
    }
  }
  return answers;
}

export const hasConflict = (answers: readonly (AppendResult | 'fresh')[]): boolean =>
  answers.some((answer) => answer !== 'fresh' && answer.outcome === 'conflict');

/** What is still fresh is not appended because another one conflicts: it answers with what it expected. */
export const withheld = (
  appends: readonly EncodedAppend[],
  answers: readonly (AppendResult | 'fresh')[],
): AppendResult[] =>
  answers.map((answer, n) => (answer === 'fresh' ? { outcome: 'conflict', actual: appends[n]!.first - 1 } : answer));
