import { addDays, dayAt, endOfDay, instantAt, isRejection, startOfDay } from '#libs/kernel';
import type { Actor, Event, Instant, PlainDate, Rejection, Uuid } from '#libs/kernel';
import type { CaseState, RuleSet } from '#libs/domain';
import type { House } from '../house.js';
import type { Intake } from '../intake.js';
import { requestFrom, type Request } from '../request.js';
import { correctFiling } from '../use-cases/change-filing.js';
import { openCase } from '../use-cases/open-case.js';
import { recordCommissioning } from '../use-cases/record-commissioning.js';
import { recordFiling, type GivenValues } from '../use-cases/record-filing.js';
import { registerOperator } from '../use-cases/register-operator.js';
import { withdrawFiling } from '../use-cases/withdraw-filing.js';
import type { Done } from '../write-path.js';
import type { ReadRow } from './journal-row.js';

export interface RowToLive {
  readonly ordinal: number;
  readonly read: ReadRow;
  readonly livedAt: Instant;
}

/** What a replay needs of the world around the house. */
export interface ReplayWorld {
  /** Moves the simulated clock; never back. */
  setClock(at: Instant): void;
  /** Lets policies and jobs do all that the facts so far ask for. */
  settle(): Promise<void>;
  /** One look of the deadline engine at what is due by the clock. */
  sweep(): Promise<void>;
}

export interface ReplayOptions {
  readonly rules: RuleSet;
  readonly requestHash: (canonical: string) => string;
  readonly until?: PlainDate;
  readonly onDay?: (day: PlainDate, livedRows: number) => void;
}

const replayActor: Actor = { kind: 'service', id: 'journal-replay', role: 'registrar' };

/**
 * The order in which the rows are lived: by receipt, a bare date at noon, ties as they were typed. A change typed with
 * an earlier receipt than the filing it changes follows that filing.
 */
export function rowsByReceipt(
  rows: readonly { readonly ordinal: number; readonly read: ReadRow }[],
  zone: string,
): RowToLive[] {
  const filedAt = new Map<Uuid, Instant>();
  const lived = rows.map(({ ordinal, read }): RowToLive => {
    const own = 'at' in read.received ? read.received.at : instantAt(read.received.on, '12:00', zone);
    const filed = read.corrects && filedAt.get(read.corrects.filingId);
    const livedAt = filed && filed > own ? filed : own;
    if (read.filingId) filedAt.set(read.filingId, own);
    return { ordinal, read, livedAt };
  });
  return lived.sort((a, b) => (a.livedAt < b.livedAt ? -1 : a.livedAt > b.livedAt ? 1 : a.ordinal - b.ordinal));
}

/** Lives the rows day by day through the ordinary use cases: what arrives, what falls due, what is alerted and sent. */
export async function replayRows(
  house: House,
  rows: readonly RowToLive[],
  world: ReplayWorld,
  options: ReplayOptions,
): Promise<{ readonly rows: number; readonly from: PlainDate; readonly until: PlainDate }> {
  const { zone, inForce } = options.rules;
  const [first] = rows;
  if (!first) throw new RangeError('no row of the journal was accepted: there is nothing to live');
  const from = dayAt(first.livedAt, zone);
  const lastReceipt = dayAt(rows.at(-1)!.livedAt, zone);
  const until = options.until ?? (inForce.to && inForce.to > lastReceipt ? inForce.to : addDays(lastReceipt, 1));
  const living = new LivedJournal(house, options);
  let next = 0;
  for (let day = from; day <= until; day = addDays(day, 1)) {
    world.setClock(startOfDay(day, zone));
    await world.sweep();
    await world.settle();
    let end = next;
    while (end < rows.length && dayAt(rows[end]!.livedAt, zone) === day) end++;
    const ofDay = rows.slice(next, end);
    for (const together of chunksOf(ofDay, ofDay.length > busyDay ? atOnce : 1)) {
      world.setClock(together.at(-1)!.livedAt);
      await living.liveTogether(together);
      await world.settle();
    }
    next = end;
    options.onDay?.(day, next);
  }
  world.setClock(endOfDay(until, zone));
  await world.sweep();
  await world.settle();
  return { rows: next, from, until };
}

/** On a day with more filings than this they are lived some at a time, and policies follow each lot instead of each filing. */
const busyDay = 16;
const atOnce = 64;

const chunksOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));

/** A row that the import judged good and the house then refused: the two disagree, which is a fault of ours. */
export class ReplayRefusedError extends Error {
  override readonly name = 'ReplayRefusedError';
}

class LivedJournal {
  private readonly cases = new Map<string, Uuid>();
  private readonly filings = new Map<Uuid, { readonly caseId: Uuid; readonly filingId: Uuid }>();
  private readonly operators = new Set<string>();

  constructor(
    private readonly house: House,
    private readonly options: ReplayOptions,
  ) {}

  /** Rows of one case in their order, those of different cases side by side. */
  async liveTogether(rows: readonly RowToLive[]): Promise<void> {
    for (const row of rows) await this.knowOperator(row);
    const byCase = new Map<string, RowToLive[]>();
    for (const row of rows) {
      const { caseRef } = row.read;
      const ofCase = byCase.get(caseRef);
      if (ofCase) ofCase.push(row);
      else byCase.set(caseRef, [row]);
    }
    await Promise.all(
      [...byCase.values()].map(async (ofCase) => {
        for (const row of ofCase) await this.live(row);
      }),
    );
  }

  private async knowOperator({ ordinal, read, livedAt }: RowToLive): Promise<void> {
    const { house } = this;
    if (!this.operators.has(read.operatorBin)) {
      const input = { bin: read.operatorBin, name: read.operatorName || read.operatorBin, language: 'ru' as const };
      this.done(
        ordinal,
        await registerOperator(house, input, this.request(`operator/${read.operatorBin}`, input, livedAt)),
      );
      this.operators.add(read.operatorBin);
    }
  }

  private async live({ ordinal, read, livedAt }: RowToLive): Promise<void> {
    const done = this.done(ordinal, await this.perform(ordinal, read, livedAt));
    for (const fact of done.facts) this.remember(read, fact);
  }

  private async perform(ordinal: number, read: ReadRow, livedAt: Instant): Promise<Done<CaseState> | Rejection> {
    const { house } = this;
    const { location, operatorBin, caseRef } = read;
    const request = this.request(`row/${ordinal}`, read, livedAt);
    const intake: Intake = {
      channel: read.channel,
      journalNo: read.journalNo,
      received: read.received,
      ...(read.submittedAt ? { submittedAt: read.submittedAt } : {}),
    };
    const known = this.cases.get(caseRef);
    const newCase = { caseRef, operatorBin, ...location };
    const ruleSetId = this.options.rules.id;
    const where = known ? { caseId: known } : { newCase };
    const reason = read.note === '' ? {} : { reason: read.note };
    switch (read.kind) {
      case 'commissioning':
        return recordCommissioning(house, { ...where, intake, location, ...read.commissioning!, ruleSetId }, request);
      case 'correction':
      case 'withdrawal': {
        const target = this.filings.get(read.corrects!.filingId);
        if (!target) throw new ReplayRefusedError(`row ${ordinal} changes a filing that was not lived yet`);
        return read.kind === 'withdrawal'
          ? withdrawFiling(house, { ...target, intake, ...reason }, request)
          : correctFiling(house, { ...target, intake, location, values: given(read), ...reason }, request, 'cleared');
      }
      default: {
        if (!known && read.kind === 'termination') this.done(ordinal, await this.openFirst(ordinal, newCase, livedAt));
        const caseId = this.cases.get(caseRef);
        const place = caseId ? { caseId } : { newCase };
        return recordFiling(house, { ...place, intake, location, values: given(read), ruleSetId }, request);
      }
    }
  }

  /** A termination received before the document that first named the centre: the registry had to enter the case. */
  private async openFirst(
    ordinal: number,
    newCase: {
      readonly caseRef: string;
      readonly operatorBin: string;
      readonly region: string;
      readonly address: string;
    },
    livedAt: Instant,
  ) {
    const input = { ...newCase, ruleSetId: this.options.rules.id };
    const opened = await openCase(this.house, input, this.request(`open/${ordinal}`, input, livedAt));
    if (!isRejection(opened) && opened.state.situation !== 'none')
      this.cases.set(newCase.caseRef, opened.state.file.caseId);
    return opened;
  }

  private remember(read: ReadRow, fact: Event): void {
    const { caseId, filingId } = fact.data as { caseId?: Uuid; filingId?: Uuid };
    if (fact.type === 'CaseOpened') this.cases.set(read.caseRef, caseId!);
    if (read.filingId && filingId && fact.type.endsWith('Filed'))
      this.filings.set(read.filingId, { caseId: caseId!, filingId });
  }

  private request(key: string, input: unknown, at: Instant): Request {
    return requestFrom(
      {
        actor: replayActor,
        channel: 'replay',
        idempotencyKey: key,
        content: { useCase: 'replay', input },
        arrivedAt: at,
      },
      this.options.requestHash,
    );
  }

  private done<State>(ordinal: number, outcome: Done<State> | Rejection): Done<State> {
    if (isRejection(outcome)) throw new ReplayRefusedError(`row ${ordinal}: ${outcome.code}: ${outcome.message}`);
    return outcome;
  }
}

const given = (read: ReadRow): GivenValues => ({
  ...read.values!,
  ...(read.bankDetails ? { bankDetails: read.bankDetails } : {}),
});
