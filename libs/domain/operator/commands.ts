import type { OperatorDetails } from './events.js';

export type OperatorCommand =
  /** `ifUnknown`: an intake that names an operator registers it once and changes nothing later. */
  | { readonly type: 'RegisterOperator'; readonly details: OperatorDetails; readonly ifUnknown?: true }
  | { readonly type: 'ChangeOperator'; readonly details: OperatorDetails };
