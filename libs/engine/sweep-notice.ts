import { dayAt, type Uuid } from '#libs/kernel';
import {
  authoritySteps,
  caseWorkDecider,
  caseWorkStream,
  isSent,
  noticeDecider,
  noticeStream,
  isStepTaken,
  type AlertSubject,
} from '#libs/domain';
import { onNotice, systemRequest, type House } from '#libs/application';
import type { RecordedFact } from '#libs/event-store';
import { stepsToTake } from './ladder.js';
import { noSteps, orThrow, takeSteps, type Steps } from './sweep-case.js';

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
  if (state.situation === 'none' || state.situation === 'historical' || isSent(state)) return steps;
  const { issue } = state;
  const { noticeId, caseId, deadline } = issue;
  const now = house.clock.now();
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
  const ladder = authoritySteps(rules, issue);
  const { raise, pass } = stepsToTake(ladder, ({ step }) => isStepTaken(work, subject, step, deadline.dueOn), now);
  await takeSteps(
    house,
    caseId,
    subject,
    {
      raise,
      pass,
      audience: raise && toSeniorOfficer.has(raise.step) ? ['case-officer', 'senior-officer'] : ['case-officer'],
      dueOn: deadline.dueOn,
      raisedOn: dayAt(now, rules.zone),
    },
    steps,
  );
  return steps;
}
