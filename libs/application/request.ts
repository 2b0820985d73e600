import {
  canonicalJson,
  commandIdOf,
  drawUuid,
  type Actor,
  type Cause,
  type FactMeta,
  type Instant,
  type Uuid,
} from '#libs/kernel';

/** Who asks, when, and under which key: what surrounds a command and is not the command. */
export interface Request {
  readonly actor: Actor;
  readonly channel: FactMeta['channel'];
  readonly commandId: Uuid;
  readonly requestHash: string;
  readonly correlationId: string;
  readonly causationId: string;
  /** The moment the request was complete, before any queue: an electronic document is received then. */
  readonly arrivedAt: Instant;
  readonly traceparent?: string;
}

export interface RequestSource {
  readonly actor: Actor;
  readonly channel: FactMeta['channel'];
  /** Without one a key is drawn: such a command cannot be repeated by its sender. */
  readonly idempotencyKey?: string;
  /** The use case's name and its input: the same key with another content is refused. */
  readonly content: { readonly useCase: string; readonly input: unknown };
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly arrivedAt: Instant;
  readonly traceparent?: string;
}

/** `hash` is keyed (HMAC), so that a leaked log does not let anyone guess the secrets inside a request. */
export function requestFrom(source: RequestSource, hash: (canonical: string) => string): Request {
  const commandId = commandIdOf(source.actor.id, source.idempotencyKey ?? drawUuid());
  const { traceparent } = source;
  return {
    actor: source.actor,
    channel: source.channel,
    commandId,
    requestHash: hash(canonicalJson(source.content)),
    correlationId: source.correlationId ?? commandId,
    causationId: source.causationId ?? commandId,
    arrivedAt: source.arrivedAt,
    ...(traceparent ? { traceparent } : {}),
  };
}

/** The house acting by itself: the deadline engine, policies, jobs. */
export const systemActor: Actor = { kind: 'system', id: 'qadaga', role: 'system' };

/**
 * A request of the house itself. `key` names cause and purpose, so that doing it again is the same command; what it
 * found to do may differ by then (a sweep), so nothing but the key is hashed. What a fact led to stays under the
 * correlation of the request that gave the fact.
 */
export function systemRequest(
  key: string,
  at: Instant,
  channel: FactMeta['channel'] = 'policy',
  cause?: Cause,
): Request {
  const commandId = commandIdOf(systemActor.id, key);
  return {
    actor: systemActor,
    channel,
    commandId,
    requestHash: '',
    correlationId: cause?.correlationId ?? commandId,
    causationId: cause?.causationId ?? commandId,
    arrivedAt: at,
    ...(cause?.traceparent === undefined ? {} : { traceparent: cause.traceparent }),
  };
}
