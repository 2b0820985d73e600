import { firstDayOf, nextQuarter, quarterOf, startOfDay, type Instant, type Uuid } from '#libs/kernel';
import {
  authoritySteps,
  caseDecider,
  caseWorkDecider,
  isSent,
  noticeDecider,
  operatorSteps,
  isStepTaken,
  type CaseFile,
  type CaseState,
  type CaseWorkState,
  type NoticeState,
} from '#libs/domain';
import { foldStream, type CaseDirectory, type LawBook } from '#libs/application';
import type { EventStore, Position, RecordedFact } from '#libs/event-store';
import { isUnmet } from '../sweep-case.js';
import type { DueBoards, DueCase, DueNotice, DueObligation, OwedPage } from '../ports.js';

/** The boards and the directory folded anew from the whole log on each question: slow, and without a table to be wrong. */
export class LogBoards implements DueBoards, CaseDirectory {
  private readonly streams = new Map<string, RecordedFact[]>();
  private position: Position | undefined;
  lawBook: LawBook | undefined;

  constructor(private readonly store: EventStore) {}

  private async read(): Promise<void> {
    for await (const batch of this.store.readAll(this.position === undefined ? {} : { after: this.position }))
      for (const fact of batch) {
        const stream = this.streams.get(fact.stream) ?? [];
        if (stream.length === 0) this.streams.set(fact.stream, stream);
        if (stream.length === fact.revision) stream.push(fact);
        this.position = fact.position;
      }
  }

  private async all<T>(category: string, each: (facts: readonly RecordedFact[], id: Uuid) => T[]): Promise<T[]> {
    await this.read();
    return [...this.streams]
      .filter(([stream]) => stream.startsWith(category))
      .flatMap(([stream, facts]) => each(facts, stream.slice(category.length) as Uuid));
  }

  private work(caseId: Uuid): CaseWorkState {
    return foldStream(caseWorkDecider, this.streams.get(`caseWork-${caseId}`) ?? []).state;
  }

  async dueCases(now: Instant, limit: number): Promise<readonly DueCase[]> {
    const rows = await this.all('case-', (facts, caseId) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      if (state.situation === 'none' || state.situation === 'merged') return [];
      const opens = nextQuarterToOpen(state.file);
      if (opens === undefined) return [];
      const nextStepAt = startOfDay(firstDayOf(nextQuarter(opens)), this.lawBook!.rulesOf(state).zone);
      return nextStepAt <= now ? [{ caseId, nextStepAt }] : [];
    });
    return rows.sort(byStep).slice(0, limit);
  }

  async dueObligations(now: Instant, limit: number): Promise<readonly DueObligation[]> {
    const rows = await this.all('case-', (facts, caseId) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      if (state.situation === 'none' || state.situation === 'merged') return [];
      const rules = this.lawBook!.rulesOf(state);
      const work = this.work(caseId);
      return [...state.file.obligations.values()].flatMap((obligation) => {
        if (!isUnmet(obligation)) return [];
        const { obligationId, deadline, status } = obligation;
        const opened = facts.find(
          (fact) =>
            fact.type === 'ObligationOpened' && (fact.data as { obligationId: Uuid }).obligationId === obligationId,
        )!;
        const ladder = operatorSteps(rules, { openedAt: opened.recordedAt, dueOn: deadline.dueOn });
        const highest = ladder.findLastIndex(({ step }) =>
          isStepTaken(work, { kind: 'obligation', id: obligationId }, step, deadline.dueOn),
        );
        const next = [ladder[highest + 1]?.at, status === 'open' ? deadline.endsAt : undefined]
          .filter((at) => at !== undefined)
          .sort()[0];
        return next !== undefined && next <= now ? [{ caseId, obligationId, nextStepAt: next }] : [];
      });
    });
    return rows.sort(byStep).slice(0, limit);
  }

  async dueNotices(now: Instant, limit: number): Promise<readonly DueNotice[]> {
    const rows = await this.all('notice-', (facts, noticeId) => {
      const state: NoticeState = foldStream(noticeDecider, facts).state;
      if (state.situation === 'none' || state.situation === 'historical') return [];
      const { issue, breached } = state;
      const { caseId, deadline } = issue;
      const refused = state.situation === 'refused';
      if (refused && !isStepTaken(this.work(caseId), { kind: 'notice', id: noticeId }, 'refused', deadline.dueOn))
        return [{ caseId, noticeId, nextStepAt: issue.receivedAt }];
      if (isSent(state)) return [];
      const ladder = authoritySteps(this.lawBook!.ruleSet(issue.deadline.trace.ruleSet.id), issue);
      const work = this.work(issue.caseId);
      const subject = { kind: 'notice' as const, id: noticeId };
      const highest = ladder.findLastIndex(({ step }) => isStepTaken(work, subject, step, issue.deadline.dueOn));
      const next = [ladder[highest + 1]?.at, breached ? undefined : issue.deadline.endsAt]
        .filter((at) => at !== undefined)
        .sort()[0];
      return next !== undefined && next <= now ? [{ caseId: issue.caseId, noticeId, nextStepAt: next }] : [];
    });
    return rows.sort(byStep).slice(0, limit);
  }

  async unsentNotices({ after, limit }: OwedPage) {
    const rows = await this.all('notice-', (facts, noticeId) => {
      const state: NoticeState = foldStream(noticeDecider, facts).state;
      return state.situation === 'none' || state.situation === 'historical' || isSent(state) ? [] : [{ noticeId }];
    });
    return rows
      .filter(({ noticeId }) => after === undefined || noticeId > after)
      .sort((a, b) => (a.noticeId < b.noticeId ? -1 : 1))
      .slice(0, limit);
  }

  async unsentAlerts({ after, limit }: OwedPage) {
    const rows = await this.all('caseWork-', (facts, caseId) =>
      [...foldStream(caseWorkDecider, facts).state.alerts.values()]
        .filter((alert) => !alert.cancelled && alert.audience.some((one) => !alert.sentTo.includes(one)))
        .map(({ alertId }) => ({ caseId, alertId })),
    );
    return rows
      .filter(({ alertId }) => after === undefined || alertId > after)
      .sort((a, b) => (a.alertId < b.alertId ? -1 : 1))
      .slice(0, limit);
  }

  async nearestDeadline(now: Instant): Promise<Instant | undefined> {
    const ends = await this.all('case-', (facts) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      if (state.situation === 'none') return [];
      return [...state.file.obligations.values()].filter(isUnmet).map(({ deadline }) => deadline.endsAt);
    });
    return ends.filter((at) => at > now).sort()[0];
  }

  waitFor = (): Promise<void> => this.read();

  casesOfOperator = (bin: string): Promise<readonly Uuid[]> =>
    this.all('case-', (facts, caseId) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      return state.situation !== 'none' && state.file.operatorBin === bin ? [caseId] : [];
    });

  livingCases: CaseDirectory['livingCases'] = (bin, region) =>
    this.all('case-', (facts, caseId) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      if (state.situation !== 'active') return [];
      const { operatorBin, location } = state.file;
      return operatorBin === bin && location.region === region ? [{ caseId, location }] : [];
    });

  async casesWithObligations({
    after,
    limit,
  }: Parameters<CaseDirectory['casesWithObligations']>[0]): Promise<readonly Uuid[]> {
    const ids = await this.all('case-', (facts, caseId) => {
      const state: CaseState = foldStream(caseDecider, facts).state;
      return state.situation !== 'none' && [...state.file.obligations.values()].some(isUnmet) ? [caseId] : [];
    });
    return ids
      .filter((id) => after === undefined || id > after)
      .sort()
      .slice(0, limit);
  }
}

const byStep = (a: DueCase, b: DueCase) => (a.nextStepAt < b.nextStepAt ? -1 : a.nextStepAt > b.nextStepAt ? 1 : 0);

/** The quarter after the last one with a duty, or the one the centre was commissioned in. */
function nextQuarterToOpen(file: CaseFile) {
  const periods = [...file.obligations.values()].flatMap(({ period }) => (period ? [period] : [])).sort();
  const last = periods.at(-1);
  if (last !== undefined) return nextQuarter(last);
  const commissioned = file.commissionings.map((entry) => entry.commissionedOn).sort()[0];
  return commissioned === undefined ? undefined : quarterOf(commissioned);
}
