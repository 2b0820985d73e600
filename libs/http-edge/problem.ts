import { HttpException } from '@nestjs/common';
import { isRejection, OutdatedError, RejectedError, type FieldFault, type Rejection } from '#libs/kernel';
import { HttpProblem } from './http-problem.js';
import { codeOfStatus, englishTexts } from './problem-texts.js';

export type ProblemLanguage = 'kk' | 'ru' | 'en';

/** RFC 9457; media type `application/problem+json`. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The path that was asked for, without its query, which may hold what a person typed. */
  readonly instance: string;
  readonly correlationId: string;
  readonly errors?: readonly { readonly pointer: string; readonly code: string; readonly detail: string }[];
}

/** Words of a code in another language; what is undefined stays English. */
export type ProblemTexts = (
  code: string,
  language: ProblemLanguage,
  status: number,
) => { readonly title?: string; readonly detail?: string } | undefined;

/** The same of what is wrong with one field. */
export type FaultText = (code: string, language: ProblemLanguage, english: string) => string | undefined;

export interface ProblemContext {
  readonly instance: string;
  readonly correlationId: string;
  readonly language?: ProblemLanguage;
  readonly texts?: ProblemTexts;
  readonly faultText?: FaultText;
}

export const problemType = (code: string): string => `urn:qadaga:problem:${code}`;

const statusOfKind: { readonly [K in Rejection['kind']]: number } = {
  malformed: 400,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  stale: 412,
  refused: 422,
};

const titleOfKind: { readonly [K in Rejection['kind']]: string } = {
  malformed: 'The request is malformed',
  forbidden: 'Not allowed',
  'not-found': 'Not found',
  conflict: 'Conflict with what is on record',
  stale: 'What is being changed has changed meanwhile',
  refused: 'Refused',
};

interface Essence {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly faults: readonly FieldFault[];
}

function essenceOfCode(status: number, code: string, detail?: string, faults: readonly FieldFault[] = []): Essence {
  const text = englishTexts[code] ?? englishTexts[codeOfStatus[status] ?? 'bad-request']!;
  return { status, code, title: text.title, detail: detail ?? text.detail, faults };
}

/**
 * A database or network that is away: the sender may try again. By name, code and, where the driver of PostgreSQL gives
 * neither, by its words; this library knows no database.
 */
function isPassing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code, message, cause, driverError } = error as { readonly [property: string]: unknown };
  return (
    name === 'StoreUnavailableError' ||
    /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|57P0[123]|53300|08\w{3})$/.test(String(code)) ||
    /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout exceeded when trying)/.test(
      String(message),
    ) ||
    isPassing(driverError ?? cause)
  );
}

function essenceOf(error: unknown): Essence {
  const rejection = error instanceof RejectedError ? error.rejection : error;
  if (isRejection(rejection))
    return {
      status: statusOfKind[rejection.kind],
      code: rejection.code,
      title: titleOfKind[rejection.kind],
      detail: rejection.message,
      faults: rejection.fields ?? [],
    };
  if (error instanceof OutdatedError) return essenceOfCode(503, 'outdated');
  if (error instanceof HttpProblem) return essenceOfCode(error.status, error.code, error.detail, error.faults);
  // Nest's own and Fastify's: the status is meant for the sender, the message was not written for this reader.
  const status =
    error instanceof HttpException
      ? error.getStatus()
      : error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
        ? error.statusCode
        : 500;
  if (status >= 400 && status < 500) return essenceOfCode(status, codeOfStatus[status] ?? 'bad-request');
  if (status === 503 || (typeof error === 'object' && error !== null && isPassing(error)))
    return essenceOfCode(503, 'unavailable');
  return essenceOfCode(500, 'internal');
}

/**
 * The problem document of whatever was thrown or returned: a Rejection, a RejectedError, an HttpProblem, an exception of
 * Nest or Fastify, or anything else, of which only the correlation id is told.
 */
export function problemOf(error: unknown, context: ProblemContext): ProblemDocument {
  const { status, code, title, detail, faults } = essenceOf(error);
  const { language = 'en', texts, faultText, instance, correlationId } = context;
  const words = language === 'en' ? undefined : texts?.(code, language, status);
  const told = (code: string, english: string) =>
    (language === 'en' ? undefined : faultText?.(code, language, english)) ?? english;
  return {
    type: problemType(code),
    title: words?.title ?? title,
    status,
    detail: words?.detail ?? detail,
    instance,
    correlationId,
    ...(faults.length > 0
      ? { errors: faults.map(({ pointer, code, message }) => ({ pointer, code, detail: told(code, message) })) }
      : {}),
  };
}

/** The first of ours by weight in `Accept-Language` (RFC 9110, 12.5.4); English when none is named. */
export function preferredLanguage(header: string | undefined): ProblemLanguage {
  let best: ProblemLanguage = 'en';
  let bestWeight = 0;
  for (const part of (header ?? '').slice(0, 500).split(',')) {
    const match = /^\s*(kk|ru|en)(?:-[\w-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*$/i.exec(part);
    const weight = match ? Number(match[2] ?? 1) : 0;
    if (weight > bestWeight) [best, bestWeight] = [match![1]!.toLowerCase() as ProblemLanguage, weight];
  }
  return best;
}
