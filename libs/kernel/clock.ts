import { instantOfMs, type Instant } from './plain-date.js';

/** Where the time comes from. Deciders never hold one: they are given the instant. */
export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = { now: () => instantOfMs(Date.now()) };
