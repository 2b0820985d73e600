import { canonicalJson, never, reject, type Decider } from '#libs/kernel';
import { binFault } from '../identifiers.js';
import type { OperatorCommand } from './commands.js';
import type { OperatorEvent } from './events.js';
import { initialOperator, type OperatorState } from './state.js';

export type OperatorContext = Record<never, never>;

export const operatorDecider: Decider<OperatorState, OperatorCommand, OperatorEvent, OperatorContext> = {
  initial: initialOperator,

  decide(state, command) {
    const wrong = binFault(command.details.bin);
    if (wrong)
      return reject('malformed', 'bin-malformed', wrong, [{ pointer: '/bin', code: 'bin-malformed', message: wrong }]);
    switch (command.type) {
      case 'RegisterOperator':
        if (state.situation === 'none') return [{ type: 'OperatorRegistered', data: command.details }];
        return command.ifUnknown ? [] : reject('conflict', 'operator-known', 'this operator is registered already');
      case 'ChangeOperator':
        if (state.situation === 'none') return reject('not-found', 'operator-unknown', 'there is no such operator');
        if (canonicalJson(state.details) === canonicalJson(command.details)) return [];
        return [{ type: 'OperatorChanged', data: command.details }];
      default:
        return never(command);
    }
  },

  evolve(_state, event) {
    switch (event.type) {
      case 'OperatorRegistered':
      case 'OperatorChanged':
        return { situation: 'registered', details: event.data };
      default:
        return never(event);
    }
  },
};
