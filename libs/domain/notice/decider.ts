import { dayAt, never, reject, type Decider, type Instant } from '#libs/kernel';
import type { NoticeCommand } from './commands.js';
import type { NoticeChannel, NoticeEvent, NoticeIssue } from './events.js';
import { initialNotice, type NoticeState } from './state.js';

export interface NoticeContext {
  readonly now: Instant;
}

export const noticeHistorical = reject(
  'conflict',
  'notice-historical',
  'the notice comes from imported history and is never sent',
);

export const noticeDecider: Decider<NoticeState, NoticeCommand, NoticeEvent, NoticeContext> = {
  initial: initialNotice,

  decide(state, command, { now }) {
    if (command.type === 'IssueNotice') {
      if (state.situation !== 'none') return [];
      const { issue } = command;
      const { noticeId, historical } = issue;
      const issued: NoticeEvent = {
        type: 'NoticeIssued',
        data: { ...issue, issuedOn: dayAt(now, issue.deadline.trace.zone) },
      };
      // What history brought in is listed and never sent.
      return historical ? [issued] : [issued, { type: 'NoticeQueued', data: { noticeId } }];
    }
    if (state.situation === 'none') return reject('not-found', 'notice-unknown', 'there is no such notice');
    const { noticeId, deadline } = state.issue;
    if (command.type === 'SupersedeNotice')
      return state.supersededBy ? [] : [{ type: 'NoticeSuperseded', data: { noticeId, by: command.by } }];
    if (state.situation === 'historical') return noticeHistorical;

    switch (command.type) {
      case 'RecordNoticeSent':
        return sentFacts(state, command.channel, now);
      case 'RecordNoticeDelivery': {
        if (state.situation === 'delivered' || isAnswered(state)) return [];
        const { channel } = command;
        const delivered: NoticeEvent = { type: 'NoticeDelivered', data: { noticeId, channel, deliveredAt: now } };
        return [...sentFacts(state, channel, now), delivered];
      }
      case 'RecordDeliveryByHand': {
        const { deliveredAt, means } = command;
        const earlier = state.sent !== undefined && state.sent.channel !== 'by-hand' && deliveredAt < state.sent.at;
        // What was brought before anything else reached them is on record even when they have answered since.
        if (!earlier && (state.situation === 'delivered' || isAnswered(state)))
          return reject('conflict', 'notice-delivered', 'the notice has been delivered already');
        if (deliveredAt > now)
          return reject('refused', 'delivered-in-future', 'a notice cannot have been delivered in the future', [
            { pointer: '/deliveredAt', code: 'in-future', message: 'lies in the future' },
          ]);
        if (deliveredAt < state.issue.receivedAt)
          return reject('refused', 'delivered-before-filing', 'the notice cannot be older than its filing', [
            {
              pointer: '/deliveredAt',
              code: 'before-filing',
              message: `lies before ${state.issue.receivedAt}, when the filing was received`,
            },
          ]);
        const channel = 'by-hand';
        return [
          ...sentFacts(earlier ? { ...state, sent: undefined } : state, channel, deliveredAt, now),
          ...(state.breached && deliveredAt < deadline.endsAt
            ? [{ type: 'NoticeBreachRescinded', data: { noticeId, because: 'sent-in-time' } } as const]
            : []),
          { type: 'NoticeDelivered', data: { noticeId, channel, deliveredAt, means } },
        ];
      }
      case 'RecordNoticeFailure':
        if (state.situation === 'delivered' || isAnswered(state)) return [];
        return [
          {
            type: 'NoticeDeliveryFailed',
            data: { noticeId, channel: command.channel, attempt: state.attempts + 1, reason: command.reason },
          },
        ];
      case 'AcknowledgeNotice': {
        if (state.situation === 'acknowledged')
          return reject('conflict', 'notice-acknowledged', 'the notice is acknowledged already');
        if (!state.sent) return reject('conflict', 'notice-not-sent', 'the notice has not been sent yet');
        if (command.theirDate > dayAt(now, deadline.trace.zone))
          return reject('refused', 'acknowledged-in-future', 'the incoming date lies in the future', [
            { pointer: '/theirDate', code: 'in-future', message: 'lies in the future' },
          ]);
        if (command.theirDate < dayAt(state.sent.at, deadline.trace.zone))
          return reject('refused', 'acknowledged-before-sent', 'the incoming date lies before the notice was sent', [
            { pointer: '/theirDate', code: 'before-sent', message: 'lies before the day the notice was sent' },
          ]);
        const delivered: NoticeEvent[] =
          state.situation === 'sent' || state.situation === 'failed'
            ? [{ type: 'NoticeDelivered', data: { noticeId, channel: state.sent.channel, deliveredAt: now } }]
            : [];
        const { theirNumber, theirDate } = command;
        return [...delivered, { type: 'NoticeAcknowledged', data: { noticeId, theirNumber, theirDate } }];
      }
      case 'RefuseNotice':
        if (isAnswered(state))
          return reject('conflict', `notice-${state.situation}`, `the notice has been ${state.situation} already`);
        if (!state.sent) return reject('conflict', 'notice-not-sent', 'the notice has not been sent yet');
        return [{ type: 'NoticeRefused', data: { noticeId, reason: command.reason } }];
      case 'RecordNoticeBreach':
        return state.breached || state.sent || now < deadline.endsAt ? [] : [breachOf(state.issue, now)];
      default:
        return never(command);
    }
  },

  evolve(state, event) {
    if (event.type === 'NoticeIssued') {
      const { issuedOn: _, ...issue } = event.data;
      return { situation: issue.historical ? 'historical' : 'issued', issue, attempts: 0, breached: false };
    }
    if (state.situation === 'none') throw new Error(`${event.type} before NoticeIssued`);
    switch (event.type) {
      case 'NoticeQueued':
        return { ...state, situation: 'queued' };
      case 'NoticeSent': {
        const { sentAt, channel, inTime } = event.data;
        const sent = { at: sentAt, channel, inTime };
        return isAnswered(state) ? { ...state, sent } : { ...state, situation: 'sent', sent };
      }
      case 'NoticeDelivered':
        return isAnswered(state) ? state : { ...state, situation: 'delivered' };
      case 'NoticeDeliveryFailed':
        return { ...state, situation: 'failed', attempts: event.data.attempt };
      case 'NoticeAcknowledged':
        return { ...state, situation: 'acknowledged', theirNumber: event.data.theirNumber };
      case 'NoticeRefused':
        return { ...state, situation: 'refused', reason: event.data.reason };
      case 'NoticeSuperseded':
        return { ...state, supersededBy: event.data.by };
      case 'NoticeTermBreached':
        return { ...state, breached: true };
      case 'NoticeBreachRescinded':
        return { ...state, breached: false };
      default:
        return never(event);
    }
  },
};

/** What was sent before is not sent again. What is sent too late has breached its term, whoever looks first. */
function sentFacts(
  {
    issue,
    sent,
    breached,
  }: Pick<Exclude<NoticeState, { situation: 'none' }>, 'issue' | 'breached'> & {
    readonly sent?: object | undefined;
  },
  channel: NoticeChannel,
  sentAt: Instant,
  now = sentAt,
): NoticeEvent[] {
  if (sent) return [];
  const { noticeId, deadline } = issue;
  const inTime = sentAt < deadline.endsAt;
  return [
    ...(inTime || breached ? [] : [breachOf(issue, now)]),
    { type: 'NoticeSent', data: { noticeId, channel, sentAt, inTime } },
  ];
}

const breachOf = ({ noticeId, deadline }: NoticeIssue, now: Instant): NoticeEvent => ({
  type: 'NoticeTermBreached',
  data: { noticeId, dueOn: deadline.dueOn, detectedOn: dayAt(now, deadline.trace.zone) },
});

const isAnswered = (state: NoticeState): state is Extract<NoticeState, { situation: 'acknowledged' | 'refused' }> =>
  state.situation === 'acknowledged' || state.situation === 'refused';
