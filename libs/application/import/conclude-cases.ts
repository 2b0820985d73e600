import { isRejection, type Instant, type Uuid } from '#libs/kernel';
import type { Append, RecordedFact } from '#libs/event-store';
import {
  caseDecider,
  caseStream,
  noticeDecider,
  noticeStream,
  notifiableVersions,
  type CaseState,
  type RuleSet,
} from '#libs/domain';
import type { House } from '../house.js';
import { systemRequest } from '../request.js';
import { noticeFor } from '../use-cases/notices.js';
import { foldStream, prepareFacts } from '../write-path.js';
import { appendAll } from './append-all.js';

/** Judges the duties of imported cases and lists their notices as historical. Again changes nothing. */
export async function concludeCases(
  house: House,
  caseIds: readonly Uuid[],
  onProgress: (done: number) => void,
  page = 200,
): Promise<void> {
  const { store } = house.writePath;
  for (let from = 0; from < caseIds.length; from += page) {
    const ids = caseIds.slice(from, from + page);
    const now = house.clock.now();
    const cases = await store.readStreams(ids.map(caseStream));
    const appends: Append[] = [];
    const notices: { state: CaseState; caseId: Uuid }[] = [];
    for (const caseId of ids) {
      const loaded = foldStream(caseDecider, cases.get(caseStream(caseId)) ?? []);
      if (loaded.state.situation === 'none') continue;
      const { state } = loaded;
      notices.push({ state, caseId });
      const own = house.lawBook.rulesOf(state);
      const context = { ...house.lawBook.circumstancesUnder(own), now, historical: true, assess: true };
      const facts = caseDecider.decide(state, { type: 'AssessObligations' }, context);
      if (isRejection(facts) || facts.length === 0) continue;
      const request = systemRequest(`import/assess/${caseId}/${loaded.revision}`, now, 'import');
      const stream = caseStream(caseId);
      appends.push({
        stream,
        expected: loaded.revision,
        facts: prepareFacts(stream, facts, { request, meta: metaOf(house, own) }, loaded.recordedAt, now),
      });
    }
    appends.push(...(await historicalNotices(house, notices, now)));
    await appendAll(store, appends);
    onProgress(Math.min(from + page, caseIds.length));
  }
}

function metaOf(house: House, rules: RuleSet) {
  const { id, version } = house.lawBook.calendar(rules.calendarId);
  return { ruleSet: { id: rules.id, hash: rules.hash }, calendar: { id, version } };
}

async function historicalNotices(
  house: House,
  cases: readonly { readonly state: CaseState; readonly caseId: Uuid }[],
  now: Instant,
): Promise<Append[]> {
  const wanted = cases.flatMap(({ state }) => {
    if (state.situation === 'none') return [];
    const rules = house.lawBook.rulesOf(state);
    return notifiableVersions(state.file, rules).map((notifiable) => ({
      rules,
      notifiable,
      file: state.file,
    }));
  });
  const known = await house.writePath.store.readStreams(
    wanted.map(({ notifiable }) => noticeStream(notifiable.noticeId)),
  );
  const appends: Append[] = [];
  const added = new Map<Uuid, number>();
  const prepare = (noticeId: Uuid, fact: { type: string; data: unknown }, rules: RuleSet, purpose: string): void => {
    const stream = noticeStream(noticeId);
    const facts: readonly RecordedFact[] = known.get(stream) ?? [];
    const revision = facts.length - 1 + (added.get(noticeId) ?? 0);
    const request = systemRequest(`import/${purpose}/${noticeId}`, now, 'import');
    appends.push({
      stream,
      expected: revision === -1 ? 'none' : revision,
      facts: prepareFacts(stream, [fact], { request, meta: metaOf(house, rules) }, facts.at(-1)?.recordedAt, now),
    });
    added.set(noticeId, (added.get(noticeId) ?? 0) + 1);
  };
  const superseding: { readonly supersedes: Uuid; readonly noticeId: Uuid; readonly rules: RuleSet }[] = [];
  for (const { rules, notifiable, file } of wanted) {
    const { noticeId } = notifiable;
    if ((known.get(noticeStream(noticeId)) ?? []).length === 0) {
      const number = await house.numbers.next('notice', Number(now.slice(0, 4)));
      const issue = noticeFor(file, notifiable, rules, house.lawBook.calendar(rules.calendarId), number, true);
      const facts = noticeDecider.decide({ situation: 'none' }, { type: 'IssueNotice', issue }, { now });
      if (isRejection(facts)) continue;
      for (const fact of facts) prepare(noticeId, fact, rules, 'issue');
    }
    // Also for a notice that is there: a crash may have come between the two.
    if (notifiable.supersedes !== undefined) superseding.push({ supersedes: notifiable.supersedes, noticeId, rules });
  }
  // A correction may bear an earlier time than the filing it corrects: all are issued before one supersedes another.
  for (const { supersedes, noticeId, rules } of superseding) {
    const before = foldStream(noticeDecider, known.get(noticeStream(supersedes)) ?? []).state;
    if (before.situation !== 'none' && before.supersededBy) continue;
    prepare(supersedes, { type: 'NoticeSuperseded', data: { noticeId: supersedes, by: noticeId } }, rules, 'supersede');
  }
  return appends;
}
