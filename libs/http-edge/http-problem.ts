import type { FieldFault } from '#libs/kernel';

/**
 * A refusal that is about HTTP rather than about a case. `code` is stable, kebab-case, the last part of the problem's
 * type; its title and default detail are in the catalogue (problem-texts.ts).
 */
export class HttpProblem extends Error {
  override readonly name: string = 'HttpProblem';
  constructor(
    readonly status: number,
    readonly code: string,
    /** One sentence for the sender; names no secret value. Default: the catalogue's. */
    readonly detail?: string,
    readonly faults: readonly FieldFault[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail ?? code);
  }
}

export class UnauthenticatedError extends HttpProblem {
  constructor() {
    super(401, 'unauthenticated', undefined, [], { 'WWW-Authenticate': 'Bearer realm="qadaga"' });
  }
}

export class TooManyRequestsError extends HttpProblem {
  constructor(retryAfterSeconds: number) {
    super(429, 'too-many-requests', undefined, [], {
      'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))),
    });
  }
}

export class OverloadedError extends HttpProblem {
  constructor(retryAfterSeconds = 1) {
    super(503, 'overloaded', undefined, [], { 'Retry-After': String(retryAfterSeconds) });
  }
}
