import { dayAt, never, reject, type Decider, type Instant, type Zone } from '#libs/kernel';
import type { AuthorityCommand } from './commands.js';
import type { AuthorityEvent } from './events.js';
import { initialAuthority, type AuthorityState } from './state.js';

export interface AuthorityContext {
  readonly now: Instant;
  readonly zone: Zone;
}

export const authorityDecider: Decider<AuthorityState, AuthorityCommand, AuthorityEvent, AuthorityContext> = {
  initial: initialAuthority,

  decide(state, command, { now, zone }) {
    switch (command.type) {
      case 'ExtendTerm': {
        const { extension } = command;
        if (state.extensions.some((known) => known.orderNo === extension.orderNo))
          return reject('conflict', 'order-known', `order ${extension.orderNo} is recorded already`, [
            { pointer: '/orderNo', code: 'order-known', message: 'this order number is recorded already' },
          ]);
        const today = dayAt(now, zone);
        const { orderedOn = today } = command;
        if (orderedOn > today)
          return reject('refused', 'ordered-in-future', 'an order is recorded when it has been given', [
            { pointer: '/orderedOn', code: 'in-future', message: 'lies in the future' },
          ]);
        return [{ type: 'TermExtended', data: { ...extension, orderedOn } }];
      }
      case 'RecordOutage': {
        const { outage } = command;
        if (state.outages.some((known) => known.outageId === outage.outageId)) return [];
        if (outage.to <= outage.from)
          return reject('refused', 'outage-ends-before-it-begins', 'an outage ends after it begins', [
            { pointer: '/to', code: 'before-from', message: 'must be after the beginning' },
          ]);
        if (outage.to > now)
          return reject('refused', 'outage-in-future', 'an outage is recorded when it is over', [
            { pointer: '/to', code: 'in-future', message: 'lies in the future' },
          ]);
        return [{ type: 'OutageRecorded', data: outage }];
      }
      case 'CorrectCalendar': {
        const versions = state.calendarCorrections
          .filter((known) => known.calendarId === command.calendarId)
          .map((known) => known.correction.version);
        if (versions.includes(command.correction.version))
          return reject('conflict', 'calendar-version-known', 'this calendar version exists already', [
            { pointer: '/version', code: 'version-known', message: 'names a version that exists already' },
          ]);
        return [
          {
            type: 'CalendarCorrected',
            data: { calendarId: command.calendarId, correction: command.correction, reason: command.reason },
          },
        ];
      }
      default:
        return never(command);
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'TermExtended':
        return { ...state, extensions: [...state.extensions, event.data] };
      case 'OutageRecorded':
        return { ...state, outages: [...state.outages, event.data] };
      case 'CalendarCorrected': {
        const { calendarId, correction } = event.data;
        return { ...state, calendarCorrections: [...state.calendarCorrections, { calendarId, correction }] };
      }
      default:
        return never(event);
    }
  },
};
