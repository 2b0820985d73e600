import { dayAt, type Instant, type Uuid } from '#libs/kernel';
import {
  authoritySteps,
  caseWorkDecider,
  caseWorkStream,
  isSent,
  noticeDecider,
  noticeStream,
  isStepTaken,
  type AlertSubject,
  type NoticeIssue,
} from '#libs/domain';
import { onNotice, systemRequest, type House } from '#libs/application';
import type { RecordedFact } from '#libs/event-store';
import { stepsToTake } from './ladder.js';
import { noSteps, orThrow, takeSteps, type Steps } from './sweep-case.js';

/** The alert to those who look at a notice that the energy body sent back. */
export const alertOfRefusal = ({ noticeId, deadline }: NoticeIssue, now: Instant) =>
  ({
    subject: { kind: 'notice', id: noticeId },
    step: 'refused',
    audience: ['case-officer', 'senior-officer'],
    dueOn: deadline.dueOn,
    raisedOn: dayAt(now, deadline.trace.zone),
  }) as const;

/** Steps at which the senior officer is told too: the nominal last day is over. */
const toSeniorOfficer = new Set<string>(['nominal-due', 'breach']);

/** The authority's own five days (clause 6) for one notice, from facts just read: alerts to people here, and the breach. */
export async function sweepNotice(
  house: House,
  id: Uuid,
  noticeFacts: readonly RecordedFact[],
  workFacts: readonly RecordedFact[],
): Promise<Steps> {
  const steps = noSteps();
  const { state } = house.writePath.remember(noticeStream(id), noticeDecider, noticeFacts);
  if (state.situation === 'none' || state.situation === 'historical') return steps;
  const { issue } = state;
  const { noticeId, caseId, deadline } = issue;
  const now = house.clock.now();
  if (state.situation === 'refused') {
    const { subject, ...alert } = alertOfRefusal(issue, now);
    await takeSteps(house, caseId, subject, { raise: alert, pass: [], ...alert }, steps);
    return steps;
  }
  if (isSent(state)) return steps;
  if (!state.breached && now >= deadline.endsAt) {
    const request = systemRequest(`notice-breach/${noticeId}`, now, 'job');
    const done = orThrow(await onNotice(house, noticeId, { type: 'RecordNoticeBreach' }, request));
    if (done.position !== undefined) steps.positions.push(done.position);
    if (isSent(done.state)) return steps;
    if (done.outcome === 'done') steps.breached++;
  }
  const rules = house.lawBook.ruleSet(deadline.trace.ruleSet.id);
  const work = house.writePath.remember(caseWorkStream(caseId), caseWorkDecider, workFacts).state;
  const subject: AlertSubject = { kind: 'notice', id: noticeId };
  const { dueOn } = deadline;
  const ladder = authoritySteps(rules, issue);
  const { raise, pass } = stepsToTake(ladder, ({ step }) => isStepTaken(work, subject, step, dueOn), now);
  await takeSteps(
    house,
    caseId,
    subject,
    {
      raise,
      pass,
      audience: raise && toSeniorOfficer.has(raise.step) ? ['case-officer', 'senior-officer'] : ['case-officer'],
      dueOn,
      raisedOn: dayAt(now, rules.zone),
    },
    steps,
  );
  return steps;
}
