import type { Instant, Uuid } from '#libs/kernel';
import type { Position } from '#libs/event-store';

export interface DueCase {
  readonly caseId: Uuid;
  readonly nextStepAt: Instant;
}
export interface DueObligation extends DueCase {
  readonly obligationId: Uuid;
}
export interface DueNotice extends DueCase {
  readonly noticeId: Uuid;
}

/** A page of ids in a stable order, those after `after`. */
export interface OwedPage {
  readonly after?: Uuid;
  readonly limit: number;
}

/**
 * The boards the sweep looks at, indexed by the time of the next step, so that a look costs what is due and not what
 * exists. They are read models: what they say is looked at anew in the log before anything is done about it.
 */
export interface DueBoards {
  /** Cases in which a duty may have to be opened (a quarter ended), those first whose step is longest due. */
  dueCases(now: Instant, limit: number): Promise<readonly DueCase[]>;
  /** Obligations that are not met and have a step of the ladder, or the end of their term, behind them. */
  dueObligations(now: Instant, limit: number): Promise<readonly DueObligation[]>;
  /** Notices not yet sent that have a step of the authority's ladder behind them. */
  dueNotices(now: Instant, limit: number): Promise<readonly DueNotice[]>;
  /** Notices that are issued, queued or failed: not sent and not historical. Ordered by `noticeId`. */
  unsentNotices(page: OwedPage): Promise<readonly { readonly noticeId: Uuid }[]>;
  /** Alerts not cancelled that some audience has not been sent. Ordered by `alertId`. */
  unsentAlerts(page: OwedPage): Promise<readonly { readonly caseId: Uuid; readonly alertId: Uuid }[]>;
  /** The end of the term that ends next, of an obligation not met or a notice not sent. */
  nearestDeadline(now: Instant): Promise<Instant | undefined>;
  /** Resolves when the boards show all up to `position`. Rejects when they do not get there in their time. */
  waitFor(position: Position): Promise<void>;
}

/** A fact whose policy failed, or that waits behind such a fact of the same case. */
export interface ParkedFact {
  readonly factId: Uuid;
  readonly type: string;
  readonly stream: string;
  readonly revision: number;
  /** Facts of one key are performed in order: a case id, or the stream. */
  readonly key: string;
  readonly reason: string;
  readonly attempts: number;
  readonly parkedAt: Instant;
  readonly nextAttemptAt: Instant;
}

export interface PendingOrder {
  readonly orderFactId: Uuid;
  /** The last case that was looked at. */
  readonly after?: Uuid;
}

/** What the engine remembers beside the log. Losing it costs repetition, no more: all it does is done once. */
export interface EngineStore {
  checkpoint(name: string): Promise<Position | undefined>;
  saveCheckpoint(name: string, position: Position): Promise<void>;
  /** In the order of parking. */
  parked(): Promise<readonly ParkedFact[]>;
  /** Parks a fact, or notes another failed attempt. */
  park(fact: ParkedFact): Promise<void>;
  unpark(factId: Uuid): Promise<void>;
  /** Notes that an order is to be followed; false when that was done already. */
  beginOrder(orderFactId: Uuid): Promise<boolean>;
  pendingOrders(): Promise<readonly PendingOrder[]>;
  progressOrder(orderFactId: Uuid, after: Uuid): Promise<void>;
  endOrder(orderFactId: Uuid): Promise<void>;
  /** The last report of that name, from whichever process. */
  report<T>(name: string): Promise<{ readonly at: Instant; readonly body: T } | undefined>;
  saveReport(name: string, at: Instant, body: object): Promise<void>;
  close(): Promise<void>;
}

export interface Lease {
  /** Resolves when the lease is no longer ours. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** One leader at a time among all processes; the others stand by. */
export interface Leadership {
  /** Waits for its turn; undefined when `signal` was aborted before it came. */
  acquire(signal: AbortSignal): Promise<Lease | undefined>;
  /** Does not wait: undefined when somebody else has it. Rejects when it cannot be asked for. */
  tryAcquire(): Promise<Lease | undefined>;
}

/** Told of what went wrong and did not stop the engine. */
export type OnError = (error: unknown, where: string) => void;
