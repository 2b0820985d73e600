import { dayAt, never, reject, type Decider, type Instant } from '#libs/kernel';
import type { NoticeCommand } from './commands.js';
import type { NoticeEvent } from './events.js';
import { initialNotice, type NoticeState } from './state.js';

export interface NoticeContext {
  readonly now: Instant;
}

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
    if (state.situation === 'historical')
      return reject('conflict', 'notice-historical', 'the notice comes from imported history and is never sent');

    switch (command.type) {
      case 'RecordNoticeSent':
        if (state.sent) return [];
        return [
          {
            type: 'NoticeSent',
            data: { noticeId, channel: command.channel, sentAt: now, inTime: now < deadline.endsAt },
          },
        ];
      case 'RecordNoticeDelivery': {
        if (state.situation === 'delivered' || isAnswered(state)) return [];
        const { channel } = command;
        const sent: NoticeEvent[] = state.sent
          ? []
          : [{ type: 'NoticeSent', data: { noticeId, channel, sentAt: now, inTime: now < deadline.endsAt } }];
        return [...sent, { type: 'NoticeDelivered', data: { noticeId, channel, deliveredAt: now } }];
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
        if (state.breached || state.sent || now < deadline.endsAt) return [];
        return [
          {
            type: 'NoticeTermBreached',
            data: { noticeId, dueOn: deadline.dueOn, detectedOn: dayAt(now, deadline.trace.zone) },
          },
        ];
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
        return { ...state, situation: 'sent', sent: { at: sentAt, channel, inTime } };
      }
      case 'NoticeDelivered':
        return { ...state, situation: 'delivered' };
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
      default:
        return never(event);
    }
  },
};

const isAnswered = (state: NoticeState) => state.situation === 'acknowledged' || state.situation === 'refused';
