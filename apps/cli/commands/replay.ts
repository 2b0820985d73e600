import {
  importJournal,
  onNotice,
  replayRows,
  rowsByReceipt,
  systemRequest,
  type ReadRow,
  type ReplayWorld,
} from '#libs/application';
import { inlineEngine, openHouse, type OpenedHouse } from '#libs/assembly';
import type { RuleSet } from '#libs/domain';
import type { Position } from '#libs/event-store';
import type { Journal } from '#libs/journal';
import {
  causeOf,
  findPlainDate,
  instantOfMs,
  isRejection,
  type Clock,
  type Instant,
  type PlainDate,
  type Uuid,
} from '#libs/kernel';
import { loadConfig, type Config } from '#libs/platform';
import { CommandError } from '../command-error.js';
import { progressBar } from '../progress.js';
import { openOrSay } from './import.js';

export interface ReplayFlags {
  readonly rules: string;
  readonly until?: string;
}

/** A clock that stands still until it is moved. */
class SteppedClock implements Clock {
  private at: Instant = instantOfMs(0);
  now(): Instant {
    return this.at;
  }
  set(at: Instant): void {
    if (at > this.at) this.at = at;
  }
  restart(): void {
    this.at = instantOfMs(0);
  }
}

/** `qadaga replay FILE --rules ID`: into an empty home only. */
export async function replayCommand(file: string, flags: ReplayFlags): Promise<number> {
  const until = flags.until === undefined ? undefined : findPlainDate(flags.until);
  if (flags.until !== undefined && until === undefined)
    throw new CommandError(`--until takes a day as YYYY-MM-DD, not ${flags.until}`, 2);
  const lived = await replayInto(loadConfig(), file, flags.rules, until);
  process.stdout.write(
    `${lived.rows} filings lived from ${lived.from} to ${lived.until}; ${lived.rejected} rows of the journal were rejected\n`,
  );
  return 0;
}

export interface Lived {
  readonly rows: number;
  readonly rejected: number;
  readonly from: PlainDate;
  readonly until: PlainDate;
  readonly endedAt: Instant;
}

export async function replayInto(config: Config, file: string, ruleSetId: string, until?: PlainDate): Promise<Lived> {
  const journal = await openOrSay(file);
  const clock = new SteppedClock();
  const opened = await openHouse(config, { projector: true, clock, alone: true });
  const bar = progressBar('days');
  try {
    if ((await opened.store.head()) !== undefined)
      throw new CommandError(
        'a replay needs an empty home: this one holds facts already (QADAGA_HOME names another)',
        2,
      );
    const rules = opened.catalogue.findRuleSet(ruleSetId);
    if (!rules) {
      const known = opened.catalogue.ruleSets.map(({ id }) => id).join(', ');
      throw new CommandError(`there is no rule set ${ruleSetId}; there are ${known}`, 2);
    }
    clock.set(instantOfMs(Date.now()));
    const { accepted, rejected } = await acceptedRows(opened, journal, rules);
    const rows = rowsByReceipt(accepted, rules.zone);
    // The judging looked from today; the life begins before the first receipt.
    clock.restart();
    const { engine, world } = await replayWorld(opened, clock);
    try {
      const days = await replayRows(opened.house, rows, world, {
        rules,
        requestHash: opened.requestHash,
        ...(until ? { until } : {}),
        onDay: (day, done) => bar.update(done, rows.length, day),
      });
      bar.stop();
      await opened.catchUp();
      return { ...days, rejected, endedAt: clock.now() };
    } finally {
      await engine.stop();
    }
  } finally {
    bar.stop();
    await opened.close();
  }
}

/** The journal judged as an import would judge it, today and as a whole. */
async function acceptedRows(opened: OpenedHouse, journal: Journal, rules: RuleSet) {
  const accepted: { ordinal: number; read: ReadRow }[] = [];
  const draft = await opened.openDraft();
  try {
    const { rejected } = await importJournal(opened.house, journal.rows(), {
      rules,
      regions: opened.catalogue.regions,
      requestHash: opened.requestHash,
      draft,
      onOutcome: () => {},
      onAccepted: ({ ordinal }, read) => void accepted.push({ ordinal, read }),
    });
    return { accepted, rejected };
  } finally {
    await draft.close();
  }
}

async function replayWorld(opened: OpenedHouse, clock: SteppedClock) {
  const failures: unknown[] = [];
  const { engine, queue } = inlineEngine(opened, (error) => failures.push(error));
  await queue.work(engine.processors);
  let read: Position | undefined;
  const world: ReplayWorld = {
    setClock: (at) => clock.set(at),
    sweep: async () => void (await engine.sweep()),
    settle: async () => {
      await engine.policies.catchUp();
      await queue.runDue();
      read = await fetchInbox(opened, read);
      if (failures.length > 0) throw failures[0];
    },
  };
  return { engine, world };
}

/** The energy body of a replay reads its inbox as soon as something is in it. */
async function fetchInbox(opened: OpenedHouse, after: Position | undefined): Promise<Position | undefined> {
  const { house, store } = opened;
  let position = after;
  for await (const batch of store.readAll(after === undefined ? {} : { after })) {
    position = batch.at(-1)!.position;
    await Promise.all(
      batch.map(async (fact) => {
        if (fact.type !== 'NoticeSent') return;
        const { noticeId } = fact.data as { noticeId: Uuid };
        const request = systemRequest(`replay/inbox/${noticeId}`, house.clock.now(), 'replay', causeOf(fact));
        const done = await onNotice(house, noticeId, { type: 'RecordNoticeDelivery', channel: 'inbox' }, request);
        if (isRejection(done)) throw new Error(`${done.code}: ${done.message}`);
      }),
    );
  }
  return position;
}
