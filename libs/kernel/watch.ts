import type { Event, FactMeta } from './fact.js';

/** What a piece of work goes back to: it comes with a request, stands in every fact, and goes on into what a fact leads to. */
export type Origin = Pick<FactMeta, 'correlationId' | 'traceparent'>;

/** A fact as the reason for what the house does next. */
export interface Cause extends Origin {
  readonly causationId: string;
}

export function causeOf({ id, meta: { correlationId, traceparent } }: Pick<Event, 'id' | 'meta'>): Cause {
  return { causationId: id, correlationId, ...(traceparent === undefined ? {} : { traceparent }) };
}

/** The cause of what is done in a traced piece of work; one that is not traced hands on what the cause had. */
export const tracedBy = <C extends Cause | undefined>(cause: C, traceparent: string | undefined): C =>
  cause === undefined || traceparent === undefined ? cause : { ...cause, traceparent };

/** A piece of work, for whoever measures and traces it. */
export interface Activity {
  readonly kind: 'command' | 'append' | 'projection' | 'policy' | 'job';
  /** One of a fixed set: a use case, a policy, a queue. Never an id, nor anything that somebody typed. */
  readonly name: string;
  /** What it goes back to. */
  readonly origins: readonly { readonly meta: Origin }[];
  /** How many facts it is about. */
  readonly facts?: number;
}

/**
 * Runs the work and answers what it answers, watched or not. The work gets the traceparent that what it leads to has to
 * carry on; undefined when nobody traces.
 */
export type Observe = <T>(activity: Activity, work: (traceparent?: string) => Promise<T>) => Promise<T>;

export const unobserved: Observe = (_activity, work) => work();

/** Told of each request as it begins and ends; `traceparent` is what the request's work carries on. */
export type ObserveRequest = (begun: { readonly method: string; readonly origin: Origin }) => {
  readonly traceparent?: string;
  /** `route` is the pattern, never the address: that may hold what somebody typed. */
  end(ended: { readonly route: string; readonly status: number }): void;
};
