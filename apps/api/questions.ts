import type { House } from '#libs/application';
import { comparePositions, type Position } from '#libs/event-store';
import { OverloadedError } from '#libs/http-edge';
import { dayAt, reject, RejectedError, type PlainDate, type Uuid } from '#libs/kernel';
import type { ReadModels } from '#libs/read-models';
import type { Exchange } from './exchange.js';
import type { Registers } from './lookups.js';
import { positionHeader, positionOfToken } from './position-token.js';

/** How long, ms, an answer waits for the read models to show what its reader has just written. */
export const patienceMs = 2_000;

/** The registers, asked on behalf of somebody who may have just written. */
export class Questions implements Registers {
  constructor(
    private readonly readModels: ReadModels,
    private readonly house: House,
  ) {}

  get ask(): ReadModels['queries'] {
    return this.readModels.queries;
  }

  /** The regulator's day now. */
  get today(): PlainDate {
    const { lawBook, clock } = this.house;
    return dayAt(clock.now(), lawBook.ruleSet(lawBook.defaultRuleSetId).zone);
  }

  /**
   * Waits until the registers show the position that the request names in its header or in `after`.
   * @throws OverloadedError (503 with Retry-After) when they do not within `patienceMs`;
   *   RejectedError when the log itself does not reach so far: asking again would never help
   */
  async caughtUp(exchange: Exchange, after?: string): Promise<this> {
    for (const token of [exchange.header(positionHeader), after])
      if (token !== undefined) await this.passed(positionOfToken(token));
    return this;
  }

  private async passed(position: Position): Promise<void> {
    if (await this.readModels.waitFor(position, patienceMs)) return;
    const head = await this.house.writePath.store.head();
    if (head !== undefined && comparePositions(position, head) <= 0) throw new OverloadedError(1);
    throw new RejectedError(
      reject('malformed', 'position-unknown', 'the log does not reach the position; leave it out'),
    );
  }

  async catchUp(): Promise<void> {
    const head = await this.house.writePath.store.head();
    if (head !== undefined) await this.passed(head);
  }

  /** What is in the log must not be unknown here: a second look once the registers caught up. */
  async found<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
    const row = await look();
    if (row !== undefined) return row;
    await this.catchUp();
    return look();
  }

  async caseOfFiling(filingId: Uuid): Promise<Uuid | undefined> {
    return (await this.ask.filings.find(filingId))?.caseId;
  }

  async caseOfObligation(obligationId: Uuid): Promise<Uuid | undefined> {
    return (await this.ask.obligations.find(obligationId, this.today))?.caseId;
  }

  async caseByRef(caseRef: string): Promise<Uuid | undefined> {
    const [caseId, another] = await this.ask.cases.idsByRef(caseRef);
    if (another === undefined) return caseId;
    throw new RejectedError(
      reject('conflict', 'case-ref-ambiguous', 'this reference does not tell which case is meant; name it by its id'),
    );
  }
}

/** `-due` is by `due`, the last one first. */
export function orderOf<Sort extends string>(
  sort: string | undefined,
): { readonly sort?: Sort; readonly direction?: 'ascending' | 'descending' } {
  if (sort === undefined) return {};
  return sort.startsWith('-')
    ? { sort: sort.slice(1) as Sort, direction: 'descending' }
    : { sort: sort as Sort, direction: 'ascending' };
}

type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Only what was given, for option objects that tell a missing member from an undefined one. */
export const given = <T extends object>(record: T): Given<T> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Given<T>;
