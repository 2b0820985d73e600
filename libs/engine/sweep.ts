import type { Instant, Uuid } from '#libs/kernel';
import { caseStream, caseWorkStream, noticeStream } from '#libs/domain';
import type { House } from '#libs/application';
import { comparePositions, type Position } from '#libs/event-store';
import { forEachLimited, messageOf } from './concurrency.js';
import type { DueBoards, OnError } from './ports.js';
import { noSteps, sweepCase, type Steps } from './sweep-case.js';
import { sweepNotice } from './sweep-notice.js';

export interface SweepOptions {
  readonly house: House;
  readonly boards: DueBoards;
  /** Rows asked of a board at a time. Default 5000. */
  readonly pageSize?: number;
  /** Cases worked on at a time, so that the log gathers their appends. Default 64. */
  readonly concurrency?: number;
  readonly onError?: OnError;
}

/** A row that is still due after all was done about it: a board that disagrees with the log, or a case that cannot be written. */
export interface StuckRow {
  readonly what: 'case' | 'obligation' | 'notice';
  readonly id: Uuid;
  readonly caseId: Uuid;
  readonly nextStepAt: Instant;
  readonly reason: string;
}

export interface SweepReport {
  readonly at: Instant;
  readonly tookMs: number;
  /** Rows of the boards that were due. */
  readonly due: number;
  /** Cases in which duties were opened, missed or changed. */
  readonly assessed: number;
  readonly missed: number;
  readonly alertsRaised: number;
  readonly stepsPassed: number;
  readonly breaches: number;
  /** At most 100; `stuckCount` tells how many there were. Each is tried once in every sweep. */
  readonly stuck: readonly StuckRow[];
  readonly stuckCount: number;
  /** false: it ended early (read models behind, or too many rows stuck); the next sweep goes on. */
  readonly complete: boolean;
}

/** So many stuck rows in one sweep are no accident of single cases; going on would only read them again and again. */
const maxStuck = 1000;

/** Cases whose streams are read in one go. */
const readTogether = 500;

interface Row {
  readonly what: StuckRow['what'];
  readonly id: Uuid;
  readonly caseId: Uuid;
  readonly nextStepAt: Instant;
}

/** One look at the boards: everything due by now is done, in pages, and nothing twice. */
export async function sweep(options: SweepOptions): Promise<SweepReport> {
  return new Sweep(options).run();
}

class Sweep {
  private readonly pageSize: number;
  private readonly total = noSteps();
  private readonly handled = new Map<string, string | undefined>();
  private readonly stuck = new Map<string, StuckRow>();
  private due = 0;
  private complete = true;

  constructor(private readonly options: SweepOptions) {
    this.pageSize = options.pageSize ?? 5000;
  }

  async run(): Promise<SweepReport> {
    const { house, boards } = this.options;
    const at = house.clock.now();
    const started = performance.now();
    await house.lawBook.refresh();
    await Promise.all([
      this.pages(async (limit) => {
        const [cases, obligations] = await Promise.all([boards.dueCases(at, limit), boards.dueObligations(at, limit)]);
        return [
          ...cases.map((row): Row => ({ what: 'case', id: row.caseId, ...row })),
          ...obligations.map((row): Row => ({ what: 'obligation', id: row.obligationId, ...row })),
        ];
      }),
      this.pages(async (limit) =>
        (await boards.dueNotices(at, limit)).map((row): Row => ({ what: 'notice', id: row.noticeId, ...row })),
      ),
    ]);
    const { assessed, missed, raised, passed, breached } = this.total;
    return {
      at,
      tookMs: Math.round(performance.now() - started),
      due: this.due,
      assessed,
      missed,
      alertsRaised: raised,
      stepsPassed: passed,
      breaches: breached,
      stuck: [...this.stuck.values()].slice(0, 100),
      stuckCount: this.stuck.size,
      complete: this.complete,
    };
  }

  /** Asks for pages until nothing new is due. Rows that stay due come first in every page, so the page grows by them. */
  private async pages(ask: (limit: number) => Promise<readonly Row[]>): Promise<void> {
    for (;;) {
      const rows = await ask(this.pageSize + this.stuck.size);
      const fresh = rows.filter((row) => !this.isStuck(row));
      if (fresh.length === 0) return;
      if (this.stuck.size > maxStuck) {
        this.complete = false;
        return;
      }
      this.due += fresh.length;
      // Where we had nothing to write, others had: the boards have not shown it yet.
      const position = (await this.handle(fresh)) ?? (await this.options.house.writePath.store.head());
      if (position === undefined) return;
      try {
        await this.options.boards.waitFor(position);
      } catch (error) {
        this.options.onError?.(error, 'sweep: read models are behind');
        this.complete = false;
        return;
      }
    }
  }

  private isStuck(row: Row): boolean {
    const key = `${row.what}/${row.id}/${row.nextStepAt}`;
    if (!this.handled.has(key)) return false;
    const reason = this.handled.get(key) ?? 'still due though nothing is left to do';
    const { what, id, caseId, nextStepAt } = row;
    this.stuck.set(key, { what, id, caseId, nextStepAt, reason });
    return true;
  }

  /** All that is to be done about the rows; where the last fact of it is in the log. */
  private async handle(rows: readonly Row[]): Promise<Position | undefined> {
    const units = new Map<string, Row[]>();
    for (const row of rows) {
      const unit = row.what === 'notice' ? noticeStream(row.id) : caseStream(row.caseId);
      const same = units.get(unit);
      if (same) same.push(row);
      else units.set(unit, [row]);
    }
    const all = [...units];
    const shares = Array.from({ length: Math.ceil(all.length / readTogether) }, (_, n) =>
      all.slice(n * readTogether, (n + 1) * readTogether),
    );
    let last: Position | undefined;
    // Two at a time: while one waits for its appends, the other is read.
    await forEachLimited(shares, 2, async (share) => {
      const position = await this.handleShare(share);
      if (position !== undefined && (last === undefined || comparePositions(position, last) > 0)) last = position;
    });
    return last;
  }

  private async handleShare(units: readonly (readonly [string, readonly Row[]])[]): Promise<Position | undefined> {
    const { house, concurrency = 64, onError } = this.options;
    const works = units.map(([, [row]]) => caseWorkStream(row!.caseId));
    const facts = await house.writePath.store.readStreams([...new Set([...units.map(([unit]) => unit), ...works])]);
    const none: [] = [];
    let last: Position | undefined;
    await forEachLimited(units, concurrency, async ([unit, [first, ...others]]) => {
      const { caseId, what } = first!;
      const ours = facts.get(unit) ?? none;
      const work = facts.get(caseWorkStream(caseId)) ?? none;
      let reason: string | undefined;
      try {
        const steps =
          what === 'notice'
            ? await sweepNotice(house, first!.id, ours, work)
            : await sweepCase(house, caseId, ours, work);
        this.add(steps);
        for (const position of steps.positions)
          if (last === undefined || comparePositions(position, last) > 0) last = position;
      } catch (error) {
        reason = messageOf(error).slice(0, 300);
        onError?.(error, `sweep: ${what} ${first!.id}`);
      }
      for (const row of [first!, ...others]) this.handled.set(`${row.what}/${row.id}/${row.nextStepAt}`, reason);
    });
    return last;
  }

  private add(steps: Steps): void {
    this.total.assessed += steps.assessed;
    this.total.missed += steps.missed;
    this.total.raised += steps.raised;
    this.total.passed += steps.passed;
    this.total.breached += steps.breached;
  }
}
