import type { Type } from '@nestjs/common';
import type { CommandBus } from '@nestjs/cqrs';
import { isRejection, RejectedError, unobserved, type Observe, type Uuid } from '#libs/kernel';
import { requestFrom, type Request, type UseCase } from '#libs/application';
import type { Position } from '#libs/event-store';
import { refuse } from './faults.js';
import type { Exchange } from './exchange.js';
import { positionHeader, tokenOfPosition } from './position-token.js';
import { repointed } from './requests/filing-input.js';

/** What of a command's answer matters to the one who sent it; `Done` has these and more. */
interface Outcome {
  readonly outcome?: 'done' | 'repeated' | 'unchanged';
  readonly position?: Position | undefined;
}

export interface RunOptions<Input = unknown> {
  /** What the house itself knows to it, no part of what a repeat has to be equal in. */
  readonly known?: Partial<Input>;
  /** Where the fields of the inner command stand in the request. */
  readonly pointers?: { readonly [from: string]: string };
}

const rememberedKeys = 100_000;

/**
 * Sends commands on the bus with who, when and under which key. The stream decides what a repeat is; here only what no
 * stream can know is kept: which keys are in work in this process, and (a cache) what they were last used for.
 */
export class Commands {
  private readonly inWork = new Set<Uuid>();
  private readonly lastUse = new Map<Uuid, string>();

  constructor(
    private readonly bus: CommandBus,
    private readonly hash: (canonical: string) => string,
    private readonly observe: Observe = unobserved,
  ) {}

  /** @throws RejectedError when the command is refused, or the key is missing, malformed, in work or used for another request. */
  async run<Input, Answer>(
    exchange: Exchange,
    useCase: Type<UseCase<Input, Answer>>,
    input: Input,
    options: RunOptions<Input> = {},
  ): Promise<Answer> {
    const whole = { ...input, ...options.known };
    return this.under(exchange, useCase.name, input, options, (request) =>
      this.bus.execute<UseCase<Input, Answer>, Answer>(new useCase(whole, request)),
    );
  }

  /** For what is no use case of its own on the bus. */
  async under<Input, Answer>(
    exchange: Exchange,
    name: string,
    input: Input,
    options: RunOptions,
    perform: (request: Request) => Promise<Answer>,
  ): Promise<Answer> {
    return this.observe({ kind: 'command', name, origins: [{ meta: exchange.origin }] }, (traceparent) =>
      this.once(exchange, this.requestOf(exchange, name, input, { traceparent }), options, perform),
    );
  }

  private async once<Answer>(
    exchange: Exchange,
    request: Request,
    options: RunOptions,
    perform: (request: Request) => Promise<Answer>,
  ): Promise<Answer> {
    const { commandId, requestHash } = request;
    const last = this.lastUse.get(commandId);
    if (last !== undefined && last !== requestHash) throw keyReused;
    if (this.inWork.has(commandId))
      throw refuse(
        'conflict',
        'idempotency-key-in-progress',
        'a request with this Idempotency-Key is in work; wait for its answer',
      );
    this.inWork.add(commandId);
    try {
      const answer = await perform(request);
      this.remember(commandId, requestHash);
      this.announce(exchange, answer as Outcome);
      return answer;
    } catch (error) {
      throw renamed(error, options.pointers);
    } finally {
      this.inWork.delete(commandId);
    }
  }

  /** What the house records because of a question: the same question again is the same command. */
  ownRequest(exchange: Exchange, useCase: string, input: { readonly noticeId: Uuid }): Request {
    return this.requestOf(exchange, useCase, input, { idempotencyKey: `${useCase}/${input.noticeId}` });
  }

  private requestOf(
    exchange: Exchange,
    useCase: string,
    input: unknown,
    given: { readonly idempotencyKey?: string; readonly traceparent?: string | undefined },
  ): Request {
    const { caller, arrivedAt, origin } = exchange;
    const { idempotencyKey = keyOf(exchange), traceparent = origin.traceparent } = given;
    return requestFrom(
      {
        actor: caller.actor,
        channel: 'api',
        idempotencyKey,
        content: { useCase, input },
        correlationId: origin.correlationId,
        arrivedAt,
        ...(traceparent === undefined ? {} : { traceparent }),
      },
      this.hash,
    );
  }

  private announce(exchange: Exchange, { outcome, position }: Outcome): void {
    if (position !== undefined) exchange.answerHeader(positionHeader, tokenOfPosition(position));
    if (outcome === 'repeated') exchange.answerHeader('idempotency-replayed', 'true');
  }

  private remember(commandId: Uuid, requestHash: string): void {
    this.lastUse.delete(commandId);
    this.lastUse.set(commandId, requestHash);
    if (this.lastUse.size > rememberedKeys) this.lastUse.delete(this.lastUse.keys().next().value!);
  }
}

/** Every command has a key: without one a sender that got no answer could not ask again safely. */
function keyOf(exchange: Exchange): string {
  const key = exchange.header('idempotency-key');
  if (key === undefined || key === '')
    throw refuse(
      'malformed',
      'idempotency-key-missing',
      'give an Idempotency-Key header, new for every new request and the same when you repeat one',
    );
  if (!/^[\x21-\x7e]{8,255}$/.test(key))
    throw refuse(
      'malformed',
      'idempotency-key-malformed',
      'an Idempotency-Key has 8 to 255 printable ASCII characters without blanks, e.g. a UUID',
    );
  return key;
}

const keyReused = refuse(
  'refused',
  'idempotency-key-reused',
  'this Idempotency-Key was used before with another request; use a new key for a new request',
);

function renamed(error: unknown, pointers: RunOptions['pointers']): unknown {
  if (!(error instanceof RejectedError) || !pointers || !error.rejection.fields) return error;
  return new RejectedError({ ...error.rejection, fields: repointed(error.rejection.fields, pointers) });
}

/** The version named by If-Match; undefined for none or `*`. @throws RejectedError for what is no version of ours. */
export function expectedVersion(exchange: Exchange): Uuid | undefined {
  const header = exchange.header('if-match')?.trim();
  if (header === undefined || header === '*') return undefined;
  const match = /^"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"$/.exec(header);
  if (!match) throw refuse('stale', 'etag-unknown', 'If-Match names no version of this; read it again for its ETag');
  return match[1] as Uuid;
}

/** A rejection as a value becomes an exception; for functions that are called and not sent. */
export async function orRefuse<T>(outcome: Promise<T | { readonly rejected: true }>): Promise<T> {
  const value = await outcome;
  if (isRejection(value)) throw new RejectedError(value);
  return value as T;
}
