import type { Uuid } from './ids.js';
import type { Json } from './json.js';
import type { Instant } from './plain-date.js';

/** Who did it. `id` is an opaque account id; names and mail addresses stay out of facts, which are for ever. */
export interface Actor {
  readonly kind: 'person' | 'system' | 'service';
  readonly id: string;
  readonly role: Role;
  readonly onBehalfOf?: string;
}

export type Role =
  'operator' | 'registrar' | 'case-officer' | 'senior-officer' | 'auditor' | 'energy-body' | 'administrator' | 'system';

export interface FactMeta {
  readonly commandId: Uuid;
  /** HMAC-SHA-256 (hex) of the canonical command under a key of this house: tells a repeat from another command. */
  readonly requestHash: string;
  readonly correlationId: string;
  /** The command or fact that led to this. */
  readonly causationId: string;
  readonly actor: Actor;
  readonly channel: 'api' | 'console' | 'cli' | 'import' | 'replay' | 'policy' | 'job';
  readonly ruleSet?: { readonly id: string; readonly hash: string };
  readonly calendar?: { readonly id: string; readonly version: string };
  readonly traceparent?: string;
}

/** A fact before the store has it. `type` is a stored name written by hand, with `.v2` when the shape breaks. */
export interface NewFact<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
}

/** What a decider's `evolve` sees: the content, and what of the envelope the law may look at. */
export interface Event<Type extends string = string, Data = unknown> extends NewFact<Type, Data> {
  readonly id: Uuid;
  readonly recordedAt: Instant;
  readonly meta: FactMeta;
}

/** A stored fact. `revision` counts from 0 without holes within its stream. */
export interface Fact<Type extends string = string, Data = unknown> extends Event<Type, Data> {
  readonly stream: string;
  readonly revision: number;
}

export type JsonData = { readonly [key: string]: Json | undefined };
