import { Catch, Logger, NotFoundException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { correlationIdOf } from './correlation.hook.js';
import { HttpProblem } from './http-problem.js';
import { preferredLanguage, problemOf, type FaultText, type ProblemDocument, type ProblemTexts } from './problem.js';
import type { KnownRoutes } from './known-routes.js';

export interface ProblemFilterOptions {
  readonly texts?: ProblemTexts;
  readonly faultText?: FaultText;
  /** Turns an error of another library into one that can be told, or told better of this request; undefined leaves it. */
  readonly translate?: (error: unknown, request: FastifyRequest) => HttpProblem | undefined;
  /** Another body for the same problem, e.g. a page for browsers. */
  readonly render?: (
    problem: ProblemDocument,
    request: FastifyRequest,
  ) => { readonly contentType: string; readonly body: string } | undefined;
  /** Told of everything that is answered with 500 or more. Default: Nest's logger. */
  readonly onFailure?: (error: unknown, correlationId: string) => void;
  readonly routes?: KnownRoutes;
}

/** Whatever a request ends with that is not an answer, as a problem document. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('http-edge');

  constructor(private readonly options: ProblemFilterOptions = {}) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = this.options.translate?.(thrown, request) ?? this.methodNotAllowed(thrown, request) ?? thrown;
    const correlationId = correlationIdOf(request);
    const problem = problemOf(error, {
      instance: pathOf(request),
      correlationId,
      language: preferredLanguage(request.headers['accept-language']),
      ...(this.options.texts ? { texts: this.options.texts } : {}),
      ...(this.options.faultText ? { faultText: this.options.faultText } : {}),
    });
    if (problem.status >= 500) this.report(error, correlationId);
    if (reply.sent || reply.raw.headersSent) {
      // Part of an answer is out already; cutting it off is the only way left to say that it is not whole.
      reply.raw.destroy();
      return;
    }
    const headers = error instanceof HttpProblem ? error.headers : problem.status === 503 ? { 'Retry-After': '1' } : {};
    const other = this.options.render?.(problem, request);
    void reply
      .code(problem.status)
      .headers({ 'X-Correlation-Id': correlationId, ...headers })
      .header('Content-Type', other?.contentType ?? 'application/problem+json; charset=utf-8')
      .send(other?.body ?? JSON.stringify(problem));
  }

  private methodNotAllowed(thrown: unknown, request: FastifyRequest): HttpProblem | undefined {
    if (!(thrown instanceof NotFoundException) || !request.is404) return undefined;
    const methods = this.options.routes?.methodsAt(pathOf(request)) ?? [];
    if (methods.length === 0) return undefined;
    return new HttpProblem(405, 'method-not-allowed', undefined, [], { Allow: methods.join(', ') });
  }

  private report(error: unknown, correlationId: string): void {
    if (error instanceof HttpProblem) return;
    if (this.options.onFailure) this.options.onFailure(error, correlationId);
    else this.logger.error(`request ${correlationId} failed`, error instanceof Error ? error.stack : String(error));
  }
}

const pathOf = (request: FastifyRequest): string => (request.raw.url ?? '/').split('?', 1)[0]!.slice(0, 500);
