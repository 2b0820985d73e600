import { hash, randomUUID } from 'node:crypto';

export type Uuid = string & { readonly __uuid: true };

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const findUuid = (text: string): Uuid | undefined => (uuidPattern.test(text) ? (text as Uuid) : undefined);

/** UUID version 5 (RFC 9562, 5.5): the same namespace and name give the same id for ever. */
export function uuidV5(namespace: Uuid, name: string): Uuid {
  // No UTF-16 unit takes more than three bytes.
  const bytes = Buffer.allocUnsafe(16 + name.length * 3);
  bytes.write(namespace.replaceAll('-', ''), 'hex');
  const length = 16 + bytes.write(name, 16);
  const hex = hash('sha1', bytes.subarray(0, length), 'hex');
  const variant = '89ab'[parseInt(hex[16]!, 16) & 3]!;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}` as Uuid;
}

/** The root of every id that Qadaga derives; drawn once, never to change. */
export const qadagaNamespace = '5d3f1b0e-6a1c-4c5e-9d57-2f0b8d1c7a64' as Uuid;

/** An id computed from what caused it and what it is for, so that doing it again finds the same thing. */
export const derivedId = (cause: string, purpose: string): Uuid => uuidV5(qadagaNamespace, `${purpose}/${cause}`);

/** commandId = UUIDv5(actor, Idempotency-Key): a key belongs to its sender. */
export const commandIdOf = (actorId: string, idempotencyKey: string): Uuid =>
  uuidV5(qadagaNamespace, `command/${actorId}/${idempotencyKey}`);

/** The id of the n-th fact (from 0) that a command gave in one stream. */
export const factIdOf = (commandId: Uuid, stream: string, n: number): Uuid => uuidV5(commandId, `${stream}/${n}`);

export const drawUuid = (): Uuid => randomUUID() as Uuid;
