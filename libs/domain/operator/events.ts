import type { NewFact } from '#libs/kernel';
import type { Sealed } from '../sealed.js';

export type Language = 'kk' | 'ru' | 'en';

export interface OperatorDetails {
  readonly bin: string;
  readonly name: string;
  readonly language: Language;
  /** Mail addresses and telephone numbers as one canonical JSON text; null: alerts go to the registrar's letter list. */
  readonly contacts: Sealed | null;
}

export type OperatorRegistered = NewFact<'OperatorRegistered', OperatorDetails>;
export type OperatorChanged = NewFact<'OperatorChanged', OperatorDetails>;

export type OperatorEvent = OperatorRegistered | OperatorChanged;
