import { authoritySteps, caseWorkStream, noticeStream, type RuleSet } from '#libs/domain';
import type { Instant, Uuid } from '#libs/kernel';
import { asSharedText, parsed } from '../engine/json-text.js';
import type { Projection, ProjectionContext } from '../engine/projection.js';
import { logOrder, streamKey, type DomainFact } from '../facts.js';
import { feedsOf } from '../feeds.js';
import { noticeTable, type NoticeRow, type NoticeStep } from './row.js';

export function noticeRegisterProjection({ rules }: ProjectionContext): Projection {
  return {
    readModel: 'notices',
    tables: [noticeTable],
    feeds: feedsOf('notices'),
    unitsOf: (fact) => {
      if (fact.type !== 'AlertRaised' && fact.type !== 'AlertStepsPassed') return [streamKey(fact.stream)];
      return fact.data.subject.kind === 'notice' ? [fact.data.subject.id] : [];
    },
    streamsOf: (unit, read) => {
      const issued = read.find((fact) => fact.type === 'NoticeIssued');
      const own = noticeStream(unit as Uuid);
      return issued?.type === 'NoticeIssued' ? [own, caseWorkStream(issued.data.caseId)] : [own];
    },
    apply(rows, fact) {
      rows.put(noticeTable, '', noticeAfter(rows.get(noticeTable, ''), fact));
    },
    settle(_, row) {
      const notice = row as NoticeRow;
      return { ...notice, nextStepAt: nextStepAt((id) => rules.ruleSet(id), notice) };
    },
  };
}

function noticeAfter(before: NoticeRow | undefined, fact: DomainFact): NoticeRow {
  if (fact.type === 'NoticeIssued') return issued(fact);
  if (before === undefined) throw new Error(`${fact.type} before NoticeIssued`);
  switch (fact.type) {
    case 'NoticeQueued':
      return { ...before, situation: 'queued' };
    case 'NoticeSent': {
      const { channel, sentAt, inTime } = fact.data;
      const [inboxPosition, inboxMinor] = logOrder(fact.position);
      const inbox = before.inboxPosition === null ? { inboxPosition, inboxMinor } : {};
      const situation = before.answeredAt === null ? 'sent' : before.situation;
      return { ...before, situation, channel, sentAt, sentInTime: inTime, ...inbox };
    }
    case 'NoticeDelivered': {
      const { channel, deliveredAt } = fact.data;
      const situation = before.answeredAt === null ? 'delivered' : before.situation;
      return { ...before, situation, channel, deliveredAt };
    }
    case 'NoticeDeliveryFailed':
      return { ...before, situation: 'failed', attempts: fact.data.attempt, lastFailure: fact.data.reason };
    case 'NoticeAcknowledged': {
      const { theirNumber, theirDate } = fact.data;
      return { ...before, situation: 'acknowledged', theirNumber, theirDate, answeredAt: fact.recordedAt };
    }
    case 'NoticeRefused':
      return {
        ...before,
        situation: 'refused',
        refusedBecause: fact.data.reason,
        answeredAt: fact.recordedAt,
      };
    case 'NoticeSuperseded':
      return { ...before, supersededBy: fact.data.by };
    case 'NoticeTermBreached':
      return { ...before, breached: true, breachDetectedOn: fact.data.detectedOn };
    case 'NoticeBreachRescinded':
      return { ...before, breached: false };
    case 'AlertRaised':
      return withSteps(before, [...fact.data.passed, fact.data.step]);
    case 'AlertStepsPassed':
      return withSteps(before, fact.data.passed);
    default:
      return before;
  }
}

function issued(fact: Extract<DomainFact, { type: 'NoticeIssued' }>): NoticeRow {
  const { data } = fact;
  const { deadline, contents } = data;
  const [orderNo] = logOrder(fact.position);
  return {
    noticeId: data.noticeId,
    number: data.number,
    orderNo,
    inboxPosition: null,
    inboxMinor: null,
    caseId: data.caseId,
    centreId: data.centreId,
    filingId: data.filingId,
    versionId: data.versionId,
    trigger: data.trigger,
    legalBasis: data.legalBasis,
    stage: data.stage,
    period: data.period ?? null,
    receivedAt: data.receivedAt,
    receivedOn: data.receivedOn,
    issuedOn: data.issuedOn,
    issuedAt: fact.recordedAt,
    nominalDueOn: deadline.nominalOn,
    dueOn: deadline.dueOn,
    endsAt: deadline.endsAt,
    trace: asSharedText(deadline.trace),
    region: contents.location.region,
    address: contents.location.address,
    powerMw: contents.powerMw,
    expansionMw: contents.expansionMw,
    situation: data.historical ? 'historical' : 'issued',
    supersedes: data.supersedes ?? null,
    supersededBy: null,
    channel: null,
    sentAt: null,
    sentInTime: null,
    deliveredAt: null,
    answeredAt: null,
    theirNumber: null,
    theirDate: null,
    refusedBecause: null,
    attempts: 0,
    lastFailure: null,
    breached: false,
    breachDetectedOn: null,
    stepsTaken: [],
    nextStepAt: null,
  };
}

function withSteps(row: NoticeRow, steps: readonly string[]): NoticeRow {
  const taken = new Set(row.stepsTaken);
  for (const step of steps) taken.add(step as NoticeStep);
  return { ...row, stepsTaken: [...taken] };
}

/** Of a refused notice, until somebody was alerted. While one is not sent: its ladder's next step above those taken, and the end of the term for the breach. */
function nextStepAt(ruleSet: (id: string) => RuleSet, row: NoticeRow): Instant | null {
  if (row.situation === 'refused') return row.stepsTaken.includes('refused') ? null : row.answeredAt;
  if (row.situation === 'historical' || row.sentAt !== null) return null;
  const { receivedAt, nominalDueOn: nominalOn, endsAt, stepsTaken } = row;
  const rules = ruleSet(parsed(row.trace).ruleSet.id);
  const steps = authoritySteps(rules, { receivedAt, deadline: { nominalOn, endsAt } });
  const highest = steps.findLastIndex(({ step }) => stepsTaken.includes(step));
  const next = steps[highest + 1]?.at;
  if (row.breached) return next ?? null;
  return next === undefined || endsAt < next ? endsAt : next;
}
