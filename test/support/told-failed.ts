import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import files from 'node:fs/promises';
import path from 'node:path';
import { KurrentDBClient, UnknownError } from '@kurrent/kurrentdb-client';
import { Queue } from 'bullmq';
import pg from 'pg';
import { defaultSeed, drawer } from '../campaigns/campaign.js';

/*
 * "It happened, but the caller was told that it failed": with the probability TOLD_FAILED, on every call that stores
 * facts, queues jobs or delivers a notice or mail. Loaded before a test file (`npm run told-failed`) and before each
 * program that a test starts. Nobody is told of a success that was none. Which calls are told follows from
 * TOLD_FAILED_SEED and the test file, or the program and its number as a process. TOLD_FAILED_LOG names a file with a
 * line for each. What came of the last whole run is beside this, in told-failed-last-result.json (told-failed-reporter.ts).
 */
const probability = Number(process.env['TOLD_FAILED'] ?? 0);
const seed = Number(process.env['TOLD_FAILED_SEED'] ?? defaultSeed);
const log = process.env['TOLD_FAILED_LOG'];
/** Where no test runs: what `testing-run.mjs` was given. */
const program = process.argv[2] ?? '';

/** It asks the vendor's client about the double, and nothing of ours: there is nobody who would ask again. */
const asksNobodyOfOurs = /kurrentdb-double[\\/]/;

interface Teller {
  readonly where: string;
  readonly draw: (below: number) => number;
}
let teller: Teller | undefined;

/** Not before the first call: Jest knows its test file then. */
function tellerHere(): Teller {
  const { expect } = globalThis as { readonly expect?: { getState(): { readonly testPath?: string } } };
  const where = path.relative('.', expect?.getState().testPath ?? program);
  const own = expect === undefined ? `${where} ${process.pid}` : where;
  return { where, draw: drawer(createHash('sha256').update(`${seed} ${own}`).digest().readUInt32BE()) };
}

function isTold(kind: string): boolean {
  const { where, draw } = (teller ??= tellerHere());
  if (draw(1_000_000) >= probability * 1_000_000 || asksNobodyOfOurs.test(where)) return false;
  const line = `told failed, seed ${seed}: ${kind} in ${where}\n`;
  process.stderr.write(line);
  if (log !== undefined) appendFileSync(log, line);
  return true;
}

type Method = (...given: never[]) => unknown;

/** The real call is made; what came of it is kept from the caller when `error` says so. */
function afterwards(owner: object, name: string, error: (given: readonly unknown[], self: unknown) => unknown): void {
  const methods = owner as { [name: string]: Method };
  const real = methods[name]!;
  methods[name] = function (this: unknown, ...given: never[]) {
    const answer = real.apply(this, given);
    if (!(answer instanceof Promise)) return answer;
    return answer.then((value: unknown) => {
      const told = error(given, this);
      if (told !== undefined) throw told;
      return value;
    });
  };
}

if (probability > 0) {
  // As when the connection ends between the commit and its answer: the connection is gone then, too.
  afterwards(pg.Client.prototype, 'query', ([query], client) => {
    const { text = query, name = '' } = (query ?? {}) as { readonly text?: unknown; readonly name?: string };
    const appends =
      name.startsWith('log-add') || (typeof text === 'string' && /^\s*(with .* )?insert into log\.facts/is.test(text));
    if (!appends || !isTold('store')) return undefined;
    (client as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
    return new Error('Connection terminated unexpectedly');
  });
  for (const name of ['appendToStream', 'multiStreamAppend'])
    afterwards(KurrentDBClient.prototype, name, () =>
      isTold('store') ? new UnknownError(new Error('told failed') as never) : undefined,
    );
  for (const name of ['add', 'addBulk'])
    afterwards(Queue.prototype, name, () => (isTold('queue') ? new Error('Connection is closed.') : undefined));
  // A notice that is pushed: of all requests only those follow no redirect.
  afterwards(globalThis, 'fetch', ([, init]) =>
    (init as RequestInit | undefined)?.redirect === 'error' && isTold('notice')
      ? new TypeError('fetch failed', { cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }) })
      : undefined,
  );
  // A mail appears in the outbox by being renamed.
  afterwards(files, 'rename', ([, to]) =>
    typeof to === 'string' && to.endsWith('.eml') && isTold('mail')
      ? Object.assign(new Error('i/o error'), { code: 'EIO' })
      : undefined,
  );
}
