import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { HttpProblem, originOf } from '#libs/http-edge';
import type { Instant, Origin } from '#libs/kernel';
import type { Caller } from './access.js';
import { readOrRefuse } from './faults.js';
import type { Shape } from './body/field-table.js';

/** The parts of the framework's request that the routes read. */
export interface HttpRequest {
  readonly raw: object;
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  readonly params: { readonly [name: string]: string };
  readonly query: unknown;
  readonly body: unknown;
  /** Set by the door (see `door.ts`) before any route runs. */
  caller?: Caller;
  arrivedAt?: Instant;
}

export type { Caller };

export interface HttpReply {
  header(name: string, value: string): unknown;
  code(status: number): unknown;
}

/** One request and its answer, as far as a route needs them. */
export class Exchange {
  constructor(
    private readonly request: HttpRequest,
    private readonly reply: HttpReply,
  ) {}

  get caller(): Caller {
    if (!this.request.caller) throw new Error('a route ran for a request nobody was recognized in');
    return this.request.caller;
  }

  get arrivedAt(): Instant {
    if (!this.request.arrivedAt) throw new Error('a route ran before the request was complete');
    return this.request.arrivedAt;
  }

  /** What the facts of this request, and its log lines, stand under. */
  get origin(): Origin {
    return originOf(this.request);
  }

  /** HEAD runs a GET's route and hands nothing over. */
  get isHead(): boolean {
    return this.request.method === 'HEAD';
  }

  get body(): unknown {
    return this.request.body;
  }

  /** Decoded, without the query. @throws HttpProblem for what is no text */
  get path(): string {
    try {
      return decodeURIComponent(this.request.url.split('?', 1)[0]!);
    } catch {
      throw new HttpProblem(400, 'bad-request');
    }
  }

  get query(): unknown {
    return this.request.query;
  }

  /** A header given once; given twice it counts as not given. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  answerStatus(status: number): void {
    this.reply.code(status);
  }

  answerHeader(name: string, value: string): void {
    this.reply.header(name, value);
  }
}

const of = (context: ExecutionContext) => {
  const http = context.switchToHttp();
  return { request: http.getRequest<HttpRequest>(), reply: http.getResponse<HttpReply>() };
};

/** The exchange itself. */
export const Ask = createParamDecorator((_data: unknown, context: ExecutionContext) => {
  const { request, reply } = of(context);
  return new Exchange(request, reply);
});

/** The body, read and checked as `shape`. */
export const BodyOf = createParamDecorator((shape: Shape, context: ExecutionContext) =>
  readOrRefuse(shape, of(context).request.body),
);

/** The query string, read and checked as `shape`. */
export const QueryOf = createParamDecorator((shape: Shape, context: ExecutionContext) =>
  readOrRefuse(shape, { ...(of(context).request.query as object) }),
);
