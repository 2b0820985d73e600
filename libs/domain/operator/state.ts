import type { OperatorDetails } from './events.js';

export type OperatorState =
  { readonly situation: 'none' } | { readonly situation: 'registered'; readonly details: OperatorDetails };

export const initialOperator: OperatorState = { situation: 'none' };
